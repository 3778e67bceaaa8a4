/**
 * Looking for a moment before a connected socket sleeps. It pays where a ring changes hands all the time: for
 * whoever waits for room, and for whoever has just been sent something. The two have nothing to do with each
 * other: one may pay where the other never does.
 */
import { XenscopeError } from '../host/errors';
import type { Spin } from '../host/spin';

export type SocketWaitsFor = 'room' | 'bytes';

/** For all sockets of one device. */
export class DeviceSpins {
  readonly #open: (() => Spin) | undefined;
  #last: SocketSpins | undefined;

  /** `open`: absent where nothing moves while somebody looks; then nobody does. */
  constructor(open: (() => Spin) | undefined) {
    this.#open = open;
  }

  forSocket(): SocketSpins {
    const spins: SocketSpins = new SocketSpins(this.#open, () => {
      const isAlone = this.#last === spins;
      this.#last = spins;
      return isAlone;
    });
    return spins;
  }
}

export class SocketSpins {
  readonly #spins: Readonly<Record<SocketWaitsFor, Spin>> | undefined;
  readonly #isAlone: () => boolean;

  /** `isAlone`: no other socket was at work since this one was asked for last; others would wait while it looks. */
  constructor(open: (() => Spin) | undefined, isAlone: () => boolean) {
    this.#spins = open && { room: open(), bytes: open() };
    this.#isAlone = isAlone;
  }

  /**
   * Whether it can move on at once. Looks for nothing that is not waited for. What `canMove` finds wrong with
   * the ring is told at the next doorbell.
   */
  until(waitsFor: SocketWaitsFor | undefined, canMove: () => boolean): boolean {
    if (!this.#isAlone() || waitsFor === undefined || this.#spins === undefined) return false;
    try {
      return this.#spins[waitsFor].until(canMove);
    } catch (error) {
      if (error instanceof XenscopeError) return false;
      throw error;
    }
  }
}
