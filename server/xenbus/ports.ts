/**
 * What a driver of this folder needs of the world: the store, grants and event channels of the domain
 * that it runs in. The same on a simulated host, on a real one, and over a store without any pages.
 */
import { sleep } from '../host/clock';
import type { Clock } from '../host/clock';
import type { EventChannels } from '../host/events';
import type { Grants } from '../host/grants';
import type { Spin } from '../host/spin';
import type { StoreClient, WatchEvent } from '../host/storeClient';
import type { XenbusState } from '../wire/xenbusState';

export interface XenbusPorts {
  readonly domid: number;
  readonly store: StoreClient;
  readonly grants: Grants;
  readonly events: EventChannels;
  /** Of real hosts: looking for a moment before sleeping, for one end of a ring each. */
  readonly spin?: () => Spin;
  readonly clock: Clock;
  /** Aborted when the drivers are to end. */
  readonly signal: AbortSignal;
  /** The domain has died with everything in it: its drivers give nothing back. */
  readonly isDead: boolean;
  /**
   * Watches `path` and calls `look` at once and after each change, one call at a time, until it answers
   * `done` or the signal is aborted. One call may stand for several changes.
   */
  follow(path: string, look: (event: WatchEvent) => Promise<unknown>, signal: AbortSignal): Promise<unknown>;
  /** Between deciding on a step and doing it: hardware and scripts take time. Rejects when the signal is aborted. */
  pause(signal: AbortSignal): Promise<void>;
  /** Whether a frontend takes in that its backend is in this state; always, where nothing is to go wrong on purpose. */
  frontendTakesIn?(backend: XenbusState): boolean;
  /** One line for whoever keeps a log. */
  log(line: string): void;
}

/** Drivers on any host: they watch through the client itself, and pause for `pauseMs` before a step. */
export function xenbusPorts(
  parts: Pick<XenbusPorts, 'domid' | 'store' | 'grants' | 'events' | 'spin' | 'clock' | 'signal'> & {
    readonly pauseMs?: number;
    readonly log?: (line: string) => void;
  },
): XenbusPorts {
  const { store, clock, pauseMs = 0, log = () => undefined } = parts;
  return {
    ...parts,
    isDead: false,
    log,
    pause: (signal) =>
      pauseMs === 0 ? Promise.resolve(signal.throwIfAborted()) : sleep(clock, pauseMs, signal),
    async follow(path, look, signal) {
      const watch = await store.watch(path, { signal });
      const stop = () => void watch.close();
      signal.addEventListener('abort', stop, { once: true });
      try {
        for await (const event of watch) {
          if (signal.aborted || (await look(event)) === 'done') return;
        }
      } finally {
        signal.removeEventListener('abort', stop);
        await watch.close();
      }
    },
  };
}
