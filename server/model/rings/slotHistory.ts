/** What the doctor judges a ring of requests and responses by: since when it is as it is, as of the samples. */
import type { PageSampler } from '../../capture/pageSampler';
import type { SlotRingLayout } from '../../capture/pageLayouts';
import type { SlotSampler } from '../../capture/slotSampler';
import { GENERIC_RING, genericRingOccupancy } from '../../wire/genericRing';
import { movementRememberedMs, resetRememberedMs } from './remembered';

export interface SlotPair {
  readonly reqProd: number;
  readonly rspProd: number;
}

export interface InsaneSlots extends SlotPair {
  readonly distance: number;
  /** So many responses more than there were requests; undefined where the requests ran ahead. */
  readonly responsesAhead: number | undefined;
  readonly sinceMs: number;
  /** Samples in a row, this one included. */
  readonly samples: number;
  /** The last pair that made sense. */
  readonly before: SlotPair | undefined;
}

export interface SlotHistory extends SlotPair {
  readonly layout: SlotRingLayout;
  /** The backend asks to be told when the requests come to this number, the frontend of the responses. */
  readonly reqEvent: number;
  readonly rspEvent: number;
  readonly inFlight: number;
  /** The backend has taken all requests and asked to be told of the next one. */
  readonly isBackendIdle: boolean;
  /** The same of the frontend and the responses. */
  readonly isFrontendIdle: boolean;
  readonly insane: InsaneSlots | undefined;
  /** Requests have been in flight since then, and no response came. */
  readonly unansweredSinceMs: number | undefined;
  /** All slots have been in flight since then, and no response came. */
  readonly fullSinceMs: number | undefined;
  /** Nothing has been in flight since then. */
  readonly emptySinceMs: number | undefined;
  /** Since then the frontend has not said that it has taken the responses that it was to be told of. */
  readonly untakenSinceMs: number | undefined;
  readonly movedMs: number | undefined;
  readonly resetMs: number | undefined;
  readonly requestsPerSecond: number;
  readonly responsesPerSecond: number;
}

const { req_event, rsp_event } = GENERIC_RING.fields;

export class SlotKeeper implements SlotHistory {
  readonly layout: SlotRingLayout;
  reqEvent = 0;
  rspEvent = 0;
  isBackendIdle = false;
  isFrontendIdle = false;
  insane: InsaneSlots | undefined;
  unansweredSinceMs: number | undefined;
  fullSinceMs: number | undefined;
  emptySinceMs: number | undefined;
  untakenSinceMs: number | undefined;
  movedMs: number | undefined;
  resetMs: number | undefined;
  /** Set from outside, with each judgement. */
  requestsPerSecond = 0;
  responsesPerSecond = 0;
  readonly #sampler: SlotSampler;

  constructor(sampler: SlotSampler) {
    this.#sampler = sampler;
    this.layout = sampler.layout;
  }

  get reqProd(): number {
    return this.#sampler.reqProd;
  }

  get rspProd(): number {
    return this.#sampler.rspProd;
  }

  /** 0 while the indices say nothing. */
  get inFlight(): number {
    return this.insane ? 0 : this.#sampler.inFlight;
  }

  isAtRest(nowMs: number): boolean {
    const { movedMs = -Infinity, resetMs = -Infinity, insane, inFlight } = this;
    const { ring } = this.layout;
    // Buffers that are missing, requests that should be answered, and rings without a free slot are judged
    // by how long it takes.
    const isFull = this.fullSinceMs !== undefined;
    const isWaiting = ring.isPosted ? inFlight === 0 : isFull || (inFlight > 0 && !ring.mayWait);
    if (insane || isWaiting || (ring.takesAtOnce && this.untakenSinceMs !== undefined)) return false;
    return nowMs - movedMs > movementRememberedMs && nowMs - resetMs > resetRememberedMs;
  }

  fold(page: PageSampler, nowMs: number): void {
    const rspEventBefore = this.rspEvent;
    this.reqEvent = page.word(req_event.offsetBytes);
    this.rspEvent = page.word(rsp_event.offsetBytes);
    const said = genericRingOccupancy(this, this.layout.slots);
    if (said.kind === 'insane') return this.#foldInsane(said, nowMs);
    this.insane = undefined;
    this.isBackendIdle = said.backendIdle;
    this.isFrontendIdle = said.frontendIdle;
    const { result, responses } = this.#sampler;
    if (result === 'reset') this.resetMs = nowMs;
    if (result === 'moved') this.movedMs = nowMs;
    const isAnew = responses > 0 || result === 'first' || result === 'reset';
    const since = (isSo: boolean, known: number | undefined) =>
      !isSo ? undefined : isAnew ? nowMs : (known ?? nowMs);
    this.unansweredSinceMs = since(said.inFlight > 0, this.unansweredSinceMs);
    this.fullSinceMs = since(said.inFlight >= this.layout.slots, this.fullSinceMs);
    this.emptySinceMs = said.inFlight > 0 ? undefined : (this.emptySinceMs ?? nowMs);
    // It is set behind the last response that was taken, when there is no other.
    const isUntaken = ((this.rspProd - this.rspEvent) | 0) >= 0;
    const hasTaken = this.rspEvent !== rspEventBefore;
    this.untakenSinceMs = isUntaken ? ((hasTaken ? undefined : this.untakenSinceMs) ?? nowMs) : undefined;
  }

  #foldInsane(said: { readonly distance: number; readonly responsesAhead?: number }, nowMs: number): void {
    const known = this.insane;
    this.isBackendIdle = false;
    this.isFrontendIdle = false;
    this.unansweredSinceMs = undefined;
    this.fullSinceMs = undefined;
    this.emptySinceMs = undefined;
    this.untakenSinceMs = undefined;
    this.insane = {
      reqProd: this.reqProd,
      rspProd: this.rspProd,
      distance: said.distance,
      responsesAhead: said.responsesAhead,
      sinceMs: known?.sinceMs ?? nowMs,
      samples: (known?.samples ?? 0) + 1,
      before: this.#sampler.lastSane,
    };
  }
}
