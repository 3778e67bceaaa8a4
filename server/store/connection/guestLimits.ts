/**
 * What binds a connection of an unprivileged domain beyond the limits of all: while the domain holds
 * too much or writes too fast its requests wait, and watch events that it does not take are dropped,
 * in time or when it holds too much. The numbers, and that events may be lost, are C xenstored's.
 */
import type { Timer } from '../../host/clock';
import { XS_HEADER_BYTES } from '../../wire/xsMessage';
import type { Account } from '../accounts';
import type { Session } from '../session';
import type { OutputQueue } from './outputQueue';

/** Late events are looked for no more often: they wait up to so much longer. */
const DROP_EVERY_MS = 1000;

export interface GuestLimitsOptions {
  readonly session: Session;
  /** What the connection has to say. */
  readonly output: OutputQueue;
  /** The next request may be admitted now. Always the same function; it must not work within the call. */
  readonly goOn: () => void;
  /** Late events were dropped. */
  readonly onDrop: () => void;
}

export class GuestLimits {
  readonly #options: GuestLimitsOptions;
  readonly #account: Account;
  #piledBytes = 0;
  #lostEvents = 0;
  #timer: Timer | undefined;

  constructor(options: GuestLimitsOptions, account: Account) {
    this.#options = options;
    this.#account = account;
  }

  /** Whether the next request may be dispatched; if not, `goOn` is called when it may be worth asking again. */
  admits(): boolean {
    const { session, goOn } = this.#options;
    if (this.#account.isFull) {
      this.#account.whenFree(goOn);
      return false;
    }
    const { writeRate } = session.core;
    if (!writeRate.owes(session)) return true;
    writeRate.whenPaid(session, goOn);
    return false;
  }

  /** Queues an event. `isStuck`: behind a stream that takes no more. */
  queueEvent(path: string, token: string, isStuck: boolean): void {
    const { session, output } = this.#options;
    const { clock, quotas } = session.core;
    const bytes = XS_HEADER_BYTES + path.length + token.length + 2;
    if (isStuck && !output.hasEvent(path, token) && !this.#account.hasRoomFor(bytes)) {
      this.#lost(1);
      return;
    }
    const { eventExpiryMs } = quotas;
    output.event(path, token, eventExpiryMs > 0 ? clock.nowMs() + eventExpiryMs : undefined);
  }

  /** So much waits now behind a stream that takes no more; 0 while it takes everything. */
  piled(bytes: number): void {
    const more = bytes - this.#piledBytes;
    this.#piledBytes = bytes;
    this.#account.hold(more);
    if (bytes > 0) this.#watchTime();
    else this.#stopTimer();
  }

  #watchTime(): void {
    const { session, output } = this.#options;
    const { firstLateAtMs } = output;
    if (this.#timer || firstLateAtMs === undefined) return;
    const { clock } = session.core;
    const waitMs = Math.max(firstLateAtMs - clock.nowMs(), DROP_EVERY_MS);
    this.#timer = clock.after(waitMs, () => {
      this.#timer = undefined;
      this.#lost(output.dropLate(clock.nowMs()));
      this.#options.onDrop();
      if (this.#piledBytes > 0) this.#watchTime();
    });
  }

  #lost(events: number): void {
    if (events === 0) return;
    const { session } = this.#options;
    const { core, domid } = session;
    if (this.#lostEvents === 0) {
      const { eventExpiryMs } = core.quotas;
      const late = eventExpiryMs > 0 ? `wait for ${eventExpiryMs / 1000} seconds, or ` : '';
      core.log(
        `Domain ${domid} does not take its watch events: those that ${late}are more than it may hold are dropped.`,
      );
    }
    this.#lostEvents += events;
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The stream took everything. */
  unstuck(): void {
    if (this.#lostEvents === 0) return;
    const { core, domid } = this.#options.session;
    core.log(`Domain ${domid} takes its watch events again; ${dropped(this.#lostEvents)}.`);
    this.#lostEvents = 0;
  }

  close(): void {
    const { session, goOn } = this.#options;
    const { core, domid } = session;
    this.#stopTimer();
    this.#account.waitsNoMore(goOn);
    core.writeRate.waitsNoMore(goOn);
    this.#account.hold(-this.#piledBytes);
    this.#piledBytes = 0;
    if (this.#lostEvents === 0) return;
    core.log(`The connection of domain ${domid} ended; ${dropped(this.#lostEvents)} before.`);
    this.#lostEvents = 0;
  }
}

function dropped(events: number): string {
  return events === 1 ? '1 watch event was dropped' : `${events} watch events were dropped`;
}
