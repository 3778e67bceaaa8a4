/**
 * A command ring into which slots are put by hand: any 64 bytes, with any number of a request, also one that is
 * under way already. Responses are told by that number; the oldest request that has it is meant.
 */
import type { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import type { RingWork } from '../../host/microSteps';
import type { RingSteps } from '../../host/steps';
import { PVCALLS_SLOT_BYTES, parsePvCallsResponse } from '../../wire/pvcalls/slots';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import { FrontRing } from '../../xenbus/rings/slotRingEnds';

export interface HandRequest {
  readonly reqId: number;
  readonly slot: Uint8Array;
  /** It is in the ring, or about to be. */
  sent(): void;
  answered(slot: Buffer): void;
}

export interface HandRingParts {
  readonly memory: SharedMemory;
  readonly port: EventPort;
  readonly steps: RingSteps;
  readonly onUnasked: (slot: Buffer) => void;
  /** The backend broke the ring: nothing is answered any more. */
  readonly onBroken: (error: XenscopeError) => void;
}

export class HandRing {
  readonly slots: number;
  readonly #ring: FrontRing;
  readonly #worker: RingWorker;
  readonly #onUnasked: (slot: Buffer) => void;
  /** In their order. */
  readonly #waiting: HandRequest[] = [];
  #inFlight: HandRequest[] = [];

  constructor({ memory, port, steps, onUnasked, onBroken }: HandRingParts) {
    this.#onUnasked = onUnasked;
    this.#ring = new FrontRing({ memory, port, slotBytes: PVCALLS_SLOT_BYTES, name: 'pvcalls' });
    this.slots = this.#ring.slots;
    this.#worker = new RingWorker(steps, () => this.#work(), onBroken);
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  put(request: HandRequest): void {
    this.#waiting.push(request);
    this.#worker.look();
  }

  /** The backend rang. */
  look(): void {
    this.#worker.look();
  }

  close(): void {
    this.#worker.close();
  }

  *#work(): RingWork<void> {
    yield* this.#ring.take((slot) => this.#onResponse(slot));
    const taken = this.#waiting.splice(0, this.#ring.free);
    // Before they are there: an answer may come with the doorbell.
    for (const request of taken) {
      this.#inFlight.push(request);
      request.sent();
    }
    yield* this.#ring.push(taken.map(({ slot }) => slot));
  }

  #onResponse(slot: Buffer): void {
    const { reqId } = parsePvCallsResponse(slot);
    const request = this.#inFlight.find((each) => each.reqId === reqId);
    if (!request) return this.#onUnasked(slot);
    this.#inFlight = this.#inFlight.filter((each) => each !== request);
    request.answered(slot);
  }
}
