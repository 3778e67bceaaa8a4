/**
 * What keeps one end of a vchan going: whether it is open, who sleeps until the doorbell rings, and the
 * moves, in one piece or in micro-steps where the end has somebody who lets it go from step to step.
 */
import { XenscopeError } from '../host/errors';
import type { EventPort } from '../host/events';
import type { RingWork } from '../host/microSteps';
import type { PeerEnd, PeerEnds } from '../host/peerEnds';
import type { Spin } from '../host/spin';
import type { RingSteps } from '../host/steps';
import { VchanLive } from '../wire/vchanRings';
import type { RingMoves, SteppedMoves } from './ringMoves';
import { Sleepers, mustBeWanted } from './sleepers';
import { LoopTurns } from './turns';

/** `waiting`: no client has come yet. */
export type VchanPeer = 'waiting' | 'here' | 'gone';

/** How the other side has gone: it, or its kernel, said so; or it is a PeerEnd. */
export type VchanFarewell = 'left' | PeerEnd;

export interface VchanEngineOptions {
  readonly moves: RingMoves;
  /** Our end of the doorbell. */
  readonly port: Pick<EventPort, 'port' | 'onEvent' | 'unmask' | 'failure'>;
  /** Who lets it go from step to step; it goes by itself when absent. */
  readonly stepped?: SteppedBy | undefined;
  readonly isPersistent: boolean;
  readonly peerDomid: number;
  readonly peers?: PeerEnds | undefined;
  /** Looks for a moment before it sleeps; it sleeps at once when absent. */
  readonly spin?: Spin | undefined;
}

export interface SteppedBy {
  readonly moves: SteppedMoves;
  readonly gate: RingSteps;
  /** Aborted when the domain of this end ends: no step is let go any more. */
  readonly ended?: AbortSignal | undefined;
}

export class VchanEngine {
  readonly isPersistent: boolean;
  readonly #moves: RingMoves;
  readonly #port: VchanEngineOptions['port'];
  readonly #stepped: VchanEngineOptions['stepped'];
  readonly #spin: Spin | undefined;
  readonly #sleepers = new Sleepers();
  readonly #turns = new LoopTurns();
  readonly #unfollow: (() => void) | undefined;
  /** How it went, where it did not say so. */
  #peerEnd: PeerEnd | undefined;
  #over: XenscopeError | undefined;

  constructor({ moves, port, stepped, isPersistent, peerDomid, peers, spin }: VchanEngineOptions) {
    this.isPersistent = isPersistent;
    this.#moves = moves;
    this.#port = port;
    this.#stepped = stepped;
    this.#spin = spin;
    this.#unfollow = peers?.follow({ domid: peerDomid, port: port.port }, this.#onPeerEnd);
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

  /** Undefined while it is here, or may still come for the first time. */
  get farewell(): VchanFarewell | undefined {
    return this.peer === 'gone' ? (this.#peerEnd ?? 'left') : undefined;
  }

  /** Whether anything can still be written: the other side is there, or may still come. */
  get isOpen(): boolean {
    if (this.#over !== undefined) return false;
    // The grants are for that one domain: nobody else can ever come in its place.
    if (this.isPersistent) return this.#peerEnd !== 'domainEnded';
    return this.#moves.peerLive() !== VchanLive.GONE;
  }

  mustBeOurs(): void {
    if (this.#over) throw this.#over;
  }

  /**
   * Until it is so, or the other side has left; undefined when that is so already. Asks for a ring, looks
   * again, and only then sleeps. Throws, or rejects, with `cancelled` when the signal is aborted, also where
   * there is nothing to wait for: who reads or writes again and again would never hear of it.
   */
  until(bit: number, isSo: () => boolean, signal: AbortSignal | undefined): Promise<void> | undefined {
    this.mustBeOurs();
    mustBeWanted(signal);
    if (isSo() || !this.isOpen || this.#spin?.until(isSo)) return undefined;
    return this.#untilRung(bit, isSo, signal);
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
    if (this.#stepped) return this.#step(this.#stepped.moves.takeSteps(into));
    this.#moves.take(into);
    return undefined;
  }

  /** Puts bytes into the ring, where there must be room for them. Lets the loop have its turn now and then. */
  put(bytes: Uint8Array): Promise<void> | undefined {
    this.mustBeOurs();
    if (this.#stepped) return this.#step(this.#stepped.moves.putSteps(bytes));
    this.#moves.put(bytes);
    // A reader that keeps up never has us wait. Steps are waited for anyway.
    return this.#turns.passed();
  }

  /** Does what tells the other side that this one has come. */
  arrive(work: RingWork<void>): Promise<void> {
    return this.#unlessEnded(() => this.#drive(work));
  }

  /** Tells the other side that this one has left; `end` comes before. */
  async leave(): Promise<void> {
    try {
      const work = this.#moves.leaveSteps?.();
      if (work) await this.#unlessEnded(() => this.#drive(work));
    } catch (error) {
      // The memory is dead already: the domain, or its program, has ended, and told it its own way.
      if (!(error instanceof XenscopeError && error.code === 'gone')) throw error;
    }
  }

  /** From now on everything at this end fails with `error`, whoever waits included; a step under way is never done. */
  end(error: XenscopeError): void {
    this.#over = error;
    this.#unfollow?.();
    this.#stepped?.gate.drop?.();
    if (this.#port.onEvent === this.#onEvent) this.#port.onEvent = undefined;
    this.#sleepers.fail(error);
  }

  readonly #onEvent = (): void => {
    // Unmasked before anybody looks, so that what rings meanwhile is heard.
    this.#port.unmask();
    // The next client of a server that stays.
    if (this.#peerEnd === 'vanished' && this.peer === 'here') this.#peerEnd = undefined;
    this.#sleepers.ring();
  };

  readonly #onPeerEnd = (end: PeerEnd): void => {
    if (this.#over || this.#peerEnd === 'domainEnded') return;
    const { peer } = this;
    // Nobody has left who never came.
    if (end === 'vanished' && peer === 'waiting') return;
    // Who left in order has said so, and its bell may have been lost.
    if (end === 'vanished' && peer === 'gone') return this.#sleepers.ring();
    // One that said so before its domain ended has left in order all the same.
    if (peer !== 'gone' || this.isPersistent) this.#peerEnd = end;
    this.#moves.endPeer();
    this.#sleepers.ring();
  };

  async #untilRung(bit: number, isSo: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      if (this.#stepped) await this.#step(this.#stepped.moves.askSteps(bit));
      else this.#moves.ask(bit);
      if (isSo() || !this.isOpen) return;
      await this.#sleep(signal);
      this.mustBeOurs();
      if (isSo() || !this.isOpen) return;
    }
  }

  #sleep(signal: AbortSignal | undefined): Promise<void> {
    const { failure } = this.#port;
    return failure ? Promise.reject(failure) : this.#sleepers.sleep(signal);
  }

  /** Does a work for as long as this end is open, and fails as soon as it is not. */
  #step(work: RingWork<void>): Promise<void> {
    return this.#sleepers.orFailed(this.#drive(work, () => this.mustBeOurs()));
  }

  /** The step at which a domain stands when it ends is never done: who waits for it would wait for ever. */
  #unlessEnded(act: () => Promise<void>): Promise<void> {
    const { ended, gate } = this.#stepped ?? {};
    if (!ended) return act();
    return new Promise((resolve, reject) => {
      const onEnd = () => {
        gate?.drop?.();
        reject(new XenscopeError('gone', 'The domain of this end of the vchan has ended.'));
      };
      if (ended.aborted) return onEnd();
      ended.addEventListener('abort', onEnd, { once: true });
      void act()
        .then(resolve, reject)
        .finally(() => ended.removeEventListener('abort', onEnd));
    });
  }

  async #drive(work: RingWork<void>, check: () => void = () => undefined): Promise<void> {
    for (let step = work.next('do'); !step.done;) {
      check();
      const wait = this.#stepped?.gate.before(step.value);
      const verdict = wait ? await wait : 'do';
      check();
      step = work.next(verdict);
    }
  }
}
