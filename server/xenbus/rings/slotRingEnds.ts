/**
 * Both ends of a generic ring (xen/include/public/io/ring.h): what stays private of each, its own
 * producer and its consumer index, and the steps by which requests and responses pass. Works are
 * begun again whenever the other side rings.
 */
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import { SaidStep, hexIndex, moveIndex, ringDoorbell } from '../../host/microSteps';
import type { RingWork } from '../../host/microSteps';
import {
  GENERIC_RING,
  finalCheck,
  genericRingSlotOffset,
  genericRingSlots,
  requestsOverflow,
  responsesOverflow,
  unconsumedRequests,
} from '../../wire/genericRing';
import { advanceIndex, indexDistance, mustNotify } from '../../wire/ringIndex';

const { req_prod, req_event, rsp_prod, rsp_event } = GENERIC_RING.fields;

export interface SlotRingOptions {
  /** As this end has it mapped. */
  readonly memory: SharedMemory;
  readonly port: EventPort;
  readonly slotBytes: number;
  /** For steps, e.g. `tx`. */
  readonly name: string;
}

abstract class SlotRingEnd {
  readonly slots: number;

  constructor(
    protected readonly ring: SlotRingOptions,
    private readonly side: 'frontend' | 'backend',
  ) {
    this.slots = genericRingSlots(ring.memory.bytes, ring.slotBytes);
  }

  protected slotAt(index: number): Buffer {
    const slot = Buffer.alloc(this.ring.slotBytes);
    this.ring.memory.copyOut(this.#offset(index), slot);
    return slot;
  }

  /** Copies entries in, moves the producer index over them, and rings if the other side asked for one of them. */
  protected *produce(
    entries: readonly Uint8Array[],
    from: number,
    words: { readonly prod: typeof req_prod; readonly event: typeof req_event },
  ): RingWork<number> {
    const { memory, port, name } = this.ring;
    const to = advanceIndex(from, entries.length);
    yield this.#copyStep(`${entries.length} into ${name}, from slot ${hexIndex(from)}`);
    for (const [place, entry] of entries.entries()) {
      memory.copyIn(this.#offset(advanceIndex(from, place)), entry.subarray(0, this.ring.slotBytes));
    }
    yield* moveIndex(memory, this.side, {
      name: `${words.prod.name} of ${name}`,
      offset: words.prod.offsetBytes,
      from,
      to,
    });
    if (mustNotify(from, to, memory.load32(words.event.offsetBytes))) {
      yield* ringDoorbell(port, this.side, this.side === 'frontend' ? 'backend' : 'frontend');
    }
    return to;
  }

  /** The step before entries are copied out. */
  protected taking(count: number, from: number): SaidStep {
    return this.#copyStep(`${count} out of ${this.ring.name}, from slot ${hexIndex(from)}`);
  }

  protected broken(what: string): XenscopeError {
    return new XenscopeError('protocol', `The ring ${this.ring.name} is broken: ${what}.`, {
      wayOut: 'Have both ends close and connect anew.',
    });
  }

  #copyStep(text: string): SaidStep {
    return new SaidStep('copy', this.side, () => text);
  }

  #offset(index: number): number {
    return genericRingSlotOffset(index, this.ring.slotBytes, this.slots);
  }
}

export class FrontRing extends SlotRingEnd {
  #reqProd = 0;
  #rspCons = 0;

  /** Makes the page an empty ring whose both sides ask to be told of the first entry (SHARED_RING_INIT). */
  constructor(ring: SlotRingOptions) {
    super(ring, 'frontend');
    ring.memory.store32(req_prod.offsetBytes, 0);
    ring.memory.store32(rsp_prod.offsetBytes, 0);
    ring.memory.store32(req_event.offsetBytes, 1);
    ring.memory.store32(rsp_event.offsetBytes, 1);
  }

  /** Requests that fit now. */
  get free(): number {
    return this.slots - indexDistance(this.#reqProd, this.#rspCons);
  }

  /** At most `free` of them. */
  *push(requests: readonly Uint8Array[]): RingWork<void> {
    if (requests.length === 0) return;
    this.#reqProd = yield* this.produce(requests, this.#reqProd, { prod: req_prod, event: req_event });
  }

  /** Takes all responses there are, and asks to be told of the next. Throws `protocol` when there are more than requests. */
  *take(onResponse: (response: Buffer) => void): RingWork<void> {
    const { memory } = this.ring;
    const load = () => memory.load32(rsp_prod.offsetBytes);
    do {
      const prod = load();
      const count = indexDistance(prod, this.#rspCons);
      if (responsesOverflow(prod, this.#rspCons, indexDistance(this.#reqProd, this.#rspCons))) {
        throw this.broken(
          `${count} responses where ${indexDistance(this.#reqProd, this.#rspCons)} were asked for`,
        );
      }
      if (count > 0) yield this.taking(count, this.#rspCons);
      for (let left = count; left > 0; left--) {
        onResponse(this.slotAt(this.#rspCons));
        this.#rspCons = advanceIndex(this.#rspCons, 1);
      }
    } while (finalCheck(this.#rspCons, load, (event) => memory.store32(rsp_event.offsetBytes, event)));
  }
}

/** More at once would keep those waiting that were asked first. */
const requestsAtOnce = 16;

export class BackRing extends SlotRingEnd {
  #reqCons: number;
  #rspProd: number;

  /** A ring that was in use before goes on where its indices stand, as BACK_RING_ATTACH has it. */
  constructor(ring: SlotRingOptions) {
    super(ring, 'backend');
    this.#rspProd = ring.memory.load32(rsp_prod.offsetBytes);
    this.#reqCons = this.#rspProd;
  }

  /** Takes up to `most` requests; when there are none, asks to be told of the next. Throws `protocol` on too many. */
  *take(most: number): RingWork<Buffer[]> {
    const { memory } = this.ring;
    const load = () => memory.load32(req_prod.offsetBytes);
    do {
      const prod = load();
      if (requestsOverflow(prod, this.#rspProd, this.slots)) {
        throw this.broken(`${indexDistance(prod, this.#rspProd)} requests in a ring of ${this.slots} slots`);
      }
      const count = Math.min(unconsumedRequests(prod, this.#reqCons, this.#rspProd, this.slots), most);
      if (count === 0) continue;
      yield this.taking(count, this.#reqCons);
      const requests = Array.from({ length: count }, (_, place) =>
        this.slotAt(advanceIndex(this.#reqCons, place)),
      );
      this.#reqCons = advanceIndex(this.#reqCons, count);
      return requests;
    } while (finalCheck(this.#reqCons, load, (event) => memory.store32(req_event.offsetBytes, event)));
    return [];
  }

  /** One response for each request that was taken, in any order. */
  *respond(responses: readonly Uint8Array[]): RingWork<void> {
    if (responses.length === 0) return;
    this.#rspProd = yield* this.produce(responses, this.#rspProd, { prod: rsp_prod, event: rsp_event });
  }

  /** Answers requests as they come, a few at a time, until none is left. */
  *answerAll(answerTo: (request: Buffer) => Uint8Array): RingWork<void> {
    for (;;) {
      const requests = yield* this.take(requestsAtOnce);
      if (requests.length === 0) return;
      yield* this.respond(requests.map((request) => answerTo(request)));
    }
  }
}
