/**
 * The counts of a ring of requests and responses, sample by sample. Two numbers of it are shared: how
 * many requests were published, and how many responses. What lies between is in flight; how far either
 * side has looked is its own affair, and not in the page.
 */
import { GENERIC_RING } from '../wire/genericRing';
import { ByteCounter, type CountResult } from './byteCounter';
import type { SlotRingLayout } from './pageLayouts';

const { req_prod, rsp_prod } = GENERIC_RING.fields;
export const reqProdOffset = req_prod.offsetBytes;
export const rspProdOffset = rsp_prod.offsetBytes;

export class SlotSampler {
  result: CountResult = 'first';
  /** The arithmetic of a byte ring serves for slots as well: requests are produced, and consumed when they are answered. */
  readonly #counter: ByteCounter;

  constructor(readonly layout: SlotRingLayout) {
    this.#counter = new ByteCounter(layout.slots);
  }

  /** As they stand in the page, sane or not. */
  get reqProd(): number {
    return this.#counter.readProd;
  }

  get rspProd(): number {
    return this.#counter.readCons;
  }

  /** The last pair that made sense; undefined before there was one. */
  get lastSane(): { readonly reqProd: number; readonly rspProd: number } | undefined {
    const { hasPair, prod, cons } = this.#counter;
    return hasPair ? { reqProd: prod, rspProd: cons } : undefined;
  }

  get isInsane(): boolean {
    return this.#counter.isInsane;
  }

  /** Requests without a response, as of the last pair that made sense. */
  get inFlight(): number {
    return this.#counter.usedBytes;
  }

  /** Since the sample before. */
  get requests(): number {
    return this.#counter.producedBytes;
  }

  get responses(): number {
    return this.#counter.consumedBytes;
  }

  /** Since somebody looks: at least so many, and exactly so many while `resets` is 0. */
  get totalRequests(): number {
    return this.#counter.totalProducedBytes;
  }

  get totalResponses(): number {
    return this.#counter.totalConsumedBytes;
  }

  /** How often the indices were set anew. */
  get resets(): number {
    return this.#counter.resets;
  }

  /** Nothing moved, or nothing could be told. */
  still(): void {
    this.#counter.producedBytes = 0;
    this.#counter.consumedBytes = 0;
    this.result = this.#counter.isInsane ? 'insane' : 'still';
  }

  take(reqProd: number, rspProd: number, nowMs: number): void {
    this.result = this.#counter.count(reqProd, rspProd, nowMs);
  }
}
