/**
 * What keeps one end of a vchan going: whether it is open, who sleeps until the doorbell rings, and the
 * moves, in one piece or in micro-steps where the end has somebody who lets it go from step to step.
 */
import { XenscopeError } from '../host/errors';
import type { EventPort } from '../host/events';
import type { RingWork } from '../host/microSteps';
import type { RingSteps } from '../host/steps';
import { VchanLive } from '../wire/vchanRings';
import { Sleepers } from './sleepers';
import type { VchanMoves } from './vchanMoves';

/** `waiting`: no client has come yet. */
export type VchanPeer = 'waiting' | 'here' | 'gone';

export class VchanEngine {
  readonly #moves: VchanMoves;
  readonly #port: EventPort;
  readonly #steps: RingSteps | undefined;
  readonly #sleepers = new Sleepers();
  #over: XenscopeError | undefined;

  constructor(
    moves: VchanMoves,
    port: EventPort,
    steps: RingSteps | undefined,
    readonly isPersistent: boolean,
  ) {
    this.#moves = moves;
    this.#port = port;
    this.#steps = steps;
    port.onEvent = this.#onEvent;
    // What rang before we listened may never ring again.
    port.unmask();
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  get peer(): VchanPeer {
    const live = this.#moves.peerLive();
    if (live === VchanLive.GONE) return 'gone';
    return live === VchanLive.NEVER ? 'waiting' : 'here';
  }

  /** Whether anything can still be written: the other side is there, or may still come. */
  get isOpen(): boolean {
    return this.#over === undefined && (this.isPersistent || this.#moves.peerLive() !== VchanLive.GONE);
  }

  mustBeOurs(): void {
    if (this.#over) throw this.#over;
  }

  /** Until it is so, or the other side has left. Asks for a ring, looks again, and only then sleeps. */
  async until(bit: number, isSo: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      this.mustBeOurs();
      if (isSo() || !this.isOpen) return;
      if (this.#steps) await this.#step(this.#moves.askSteps(bit));
      else this.#moves.ask(bit);
      if (isSo() || !this.isOpen) return;
      await this.#sleep(signal);
    }
  }

  /** The same for what is rung for without asking. */
  async sleepUntil(isSo: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      this.mustBeOurs();
      if (isSo()) return;
      await this.#sleep(signal);
    }
  }

  /** Takes the first bytes out of the ring; as many must be there. */
  take(into: Uint8Array): Promise<void> | undefined {
    this.mustBeOurs();
    if (this.#steps) return this.#step(this.#moves.takeSteps(into));
    this.#moves.take(into);
    return undefined;
  }

  /** Puts bytes into the ring, where there must be room for them. */
  put(bytes: Uint8Array): Promise<void> | undefined {
    this.mustBeOurs();
    if (this.#steps) return this.#step(this.#moves.putSteps(bytes));
    this.#moves.put(bytes);
    return undefined;
  }

  /** Tells the other side that this one has come. */
  arrive(): Promise<void> {
    return this.#drive(this.#moves.arriveSteps());
  }

  /** Tells the other side that this one has left; `end` comes before. */
  async leave(): Promise<void> {
    try {
      await this.#drive(this.#moves.leaveSteps());
    } catch (error) {
      // The memory is dead already: the domain, or its program, has ended, and told it its own way.
      if (!(error instanceof XenscopeError && error.code === 'gone')) throw error;
    }
  }

  /** From now on everything at this end fails with `error`, whoever waits included; a step under way is never done. */
  end(error: XenscopeError): void {
    this.#over = error;
    this.#steps?.drop?.();
    if (this.#port.onEvent === this.#onEvent) this.#port.onEvent = undefined;
    this.#sleepers.fail(error);
  }

  readonly #onEvent = (): void => {
    // Unmasked before anybody looks, so that what rings meanwhile is heard.
    this.#port.unmask();
    this.#sleepers.ring();
  };

  #sleep(signal: AbortSignal | undefined): Promise<void> {
    const { failure } = this.#port;
    return failure ? Promise.reject(failure) : this.#sleepers.sleep(signal);
  }

  /** Does a work for as long as this end is open, and fails as soon as it is not. */
  #step(work: RingWork<void>): Promise<void> {
    return this.#sleepers.orFailed(this.#drive(work, () => this.mustBeOurs()));
  }

  async #drive(work: RingWork<void>, check: () => void = () => undefined): Promise<void> {
    for (let step = work.next('do'); !step.done;) {
      check();
      const wait = this.#steps?.before(step.value);
      const verdict = wait ? await wait : 'do';
      check();
      step = work.next(verdict);
    }
  }
}
