/**
 * Drives one end of a ring: wakes up by the doorbell or by its own stream, and works in rounds until
 * there is nothing left to do. One work at a time; between its steps somebody else may hold it.
 */
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import type { RingWork } from '../../host/microSteps';
import type { RingSteps, StepVerdict } from '../../host/steps';
import type { RingHalf } from './ringHalves';
import { RingMoves, type InsaneIndices, type RingSide } from './ringMoves';
import type { RingStream } from './ringStream';

/** Then the event loop gets its turn: a peer that never stops must not starve the others. Waits are turns as well. */
const maxRoundsPerTurn = 64;

/** What is different between guest and server. */
export interface RingPolicy {
  /** Begins each round: looks at the words beside the indices, and may end or begin a stream. */
  attend(moves: RingMoves): RingWork<void>;
  /** Whether a reconnect has begun: what was read of the ring since the round began means nothing. */
  isReset(): boolean;
  onInsane(insane: InsaneIndices): void;
  /** The page is gone, or nobody lets the end go on. `reason` is a sentence. */
  onGone(reason: string): void;
}

export interface RingEngineOptions {
  readonly memory: SharedMemory;
  readonly port: EventPort;
  readonly steps: RingSteps | undefined;
  readonly side: RingSide;
  readonly input: RingHalf;
  readonly output: RingHalf;
}

export class RingEngine {
  /** The connection that lives now. */
  stream: RingStream | undefined;
  readonly moves: RingMoves;
  readonly #options: RingEngineOptions;
  readonly #policy: RingPolicy;
  #work: RingWork<void> | undefined;
  #roundsThisTurn = 0;
  #lookAgain = false;
  #isPlanned = false;
  #isStopped = false;

  constructor(options: RingEngineOptions, policy: RingPolicy) {
    this.#options = options;
    this.#policy = policy;
    this.moves = new RingMoves(options.memory, options.port, options.side);
    options.port.onEvent = this.#onEvent;
    // What rang before we listened may never ring again.
    options.port.unmask();
    this.wake();
  }

  readonly #onEvent = (): void => {
    // Unmasked before the look, so that what rings during it is heard.
    this.#options.port.unmask();
    this.#lookAgain = true;
    this.#run();
  };

  /** Looks at everything soon, never within this call. */
  wake(): void {
    this.#lookAgain = true;
    if (this.#isPlanned || this.#work) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      this.#run();
    });
  }

  /** A step that is under way is never done. */
  stop(): void {
    this.#isStopped = true;
    const { port, steps } = this.#options;
    steps?.drop?.();
    // Another kernel may have taken the doorbell over.
    if (port.onEvent === this.#onEvent) port.onEvent = undefined;
  }

  #run(): void {
    if (this.#work || this.#isStopped) return;
    this.#roundsThisTurn = 0;
    this.#work = this.#rounds();
    this.#advance('do');
  }

  /** Goes from step to step; stops where somebody asks us to wait, and goes on from there. */
  #advance(verdict: StepVerdict): void {
    const { steps } = this.#options;
    try {
      for (let next = verdict; !this.#isStopped; next = 'do') {
        const { done, value } = this.#work!.next(next);
        if (done) return this.#finish();
        // The step before may have stopped us: then nobody is asked about the next one.
        if (this.#isStopped) return;
        const wait = steps?.before(value);
        if (!wait) continue;
        this.#roundsThisTurn = 0;
        wait.then(
          (then) => this.#advance(then),
          () => this.#lost('Whoever lets the ring go on from step to step has ended.'),
        );
        return;
      }
    } catch (error) {
      if (error instanceof XenscopeError && error.code === 'gone') return this.#lost(error.message);
      throw error;
    }
  }

  #finish(): void {
    this.#work = undefined;
    if (this.#lookAgain) setImmediate(() => this.#run());
  }

  #lost(reason: string): void {
    if (this.#isStopped) return;
    this.stop();
    this.#policy.onGone(reason);
  }

  *#rounds(): RingWork<void> {
    while (this.#roundsThisTurn++ < maxRoundsPerTurn) {
      this.#lookAgain = false;
      yield* this.#policy.attend(this.moves);
      const received = yield* this.#receive();
      const sent = yield* this.#send();
      yield* this.moves.tell();
      if (!received && !sent && !this.#lookAgain) return;
    }
    this.#lookAgain = true;
  }

  /** Whether anything moved. */
  *#receive(): RingWork<boolean> {
    const { stream } = this;
    if (!stream || stream.isPaused) return false;
    const taken = yield* this.moves.take(this.#options.input);
    if (taken.kind === 'insane') return this.#onInsane(taken);
    if (taken.bytes.length === 0) return false;
    // Whoever asks for a reconnect may scribble over the ring: then the bytes are not worth a look.
    if (!this.#policy.isReset()) stream.deliver(taken.bytes);
    return true;
  }

  *#send(): RingWork<boolean> {
    const { stream } = this;
    const bytes = stream?.head;
    if (!stream || !bytes) return false;
    const put = yield* this.moves.put(this.#options.output, bytes);
    if (put.kind === 'insane') return this.#onInsane(put);
    if (put.count === 0) return false;
    stream.sent(put.count);
    return true;
  }

  #onInsane(insane: InsaneIndices): boolean {
    if (!this.#policy.isReset()) this.#policy.onInsane(insane);
    return true;
  }
}
