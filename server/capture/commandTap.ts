/**
 * Listens to a command ring of PV Calls between others: copies each request and each response once, as they are
 * published, and never writes. A slot holds request number n until the backend writes response number n over its
 * first bytes, whichever request that answers; both stand until the frontend uses the slot again. So a request that
 * was answered between two looks cannot be read any more, but for what the shorter response leaves of it. Which slot
 * that was the number of the request tells, as Linux’s frontend numbers them: while another one waits for long, the
 * response lies elsewhere.
 */
import type { ObservedPage } from '../host/observer';
import { PAGE_BYTES } from '../host/pages';
import { GENERIC_RING, genericRingSlotOffset, genericRingSlots } from '../wire/genericRing';
import { pvcallsCommands } from '../wire/pvcalls/commands';
import { PVCALLS_SLOT_BYTES, parsePvCallsRequest, parsePvCallsResponse } from '../wire/pvcalls/slots';
import { indexDistance } from '../wire/ringIndex';
import { ByteCounter } from './byteCounter';
import { maxReadings } from './pageSampler';

/** One slot, as a copy. */
export interface SlotCopy {
  /** Free-running number of the request, or of the response. */
  readonly index: number;
  /** All of it: behind a response stands what it left of the request. */
  readonly bytes: Buffer;
}

export interface ResponseCopy extends SlotCopy {
  /** The slot of its request, as far as responses left it; undefined where that request was told of, or no longer stands. */
  readonly left: Buffer | undefined;
  /** What was told as that request was this response already, written and not published yet. */
  readonly wasMisread: boolean;
}

/**
 * `same`: neither index moved. `moved`: one did. `insane`: they cannot be, and nothing is read by them. `torn`: they
 * would not hold still. `gone`: there is no such page any more, or it cannot be read now.
 */
export type CommandLookResult = 'same' | 'moved' | 'insane' | 'torn' | 'gone';

export interface CommandLook {
  readonly result: CommandLookResult;
  /** The first look, or the indices were set anew: what is told now was there before anybody looked. */
  readonly isAnew: boolean;
  /** New ones that can still be read, the oldest first. */
  readonly requests: readonly SlotCopy[];
  readonly responses: readonly ResponseCopy[];
  /** New ones whose slot was used again before it was looked at. */
  readonly unseenRequests: number;
  readonly unseenResponses: number;
}

const { req_prod, rsp_prod } = GENERIC_RING.fields;
/** Both indices are among the first words. */
const wordsBytes = rsp_prod.offsetBytes + rsp_prod.widthBytes;

const nothing = { isAnew: false, requests: [], responses: [], unseenRequests: 0, unseenResponses: 0 };
const still: Readonly<Record<Exclude<CommandLookResult, 'moved'>, CommandLook>> = {
  same: { result: 'same', ...nothing },
  insane: { result: 'insane', ...nothing },
  torn: { result: 'torn', ...nothing },
  gone: { result: 'gone', ...nothing },
};

export class CommandTap {
  readonly slots: number;
  tornLooks = 0;
  /** Why the last look failed otherwise than by the page being gone. */
  unreadable: string | undefined;
  readonly #page: ObservedPage;
  readonly #counter: ByteCounter;
  readonly #bytes: Buffer;
  readonly #words = Buffer.alloc(wordsBytes);
  /** Of each slot the request that was told of last. */
  readonly #told: (SlotCopy | undefined)[];
  #reqProd: number | undefined;
  #rspProd = 0;
  /** All that was seen was numbered as if by the slots of the requests. */
  #numbersSlots = true;

  /** `page` begins a command ring. */
  constructor(page: ObservedPage) {
    const ringBytes = page.device!.grefs.length * PAGE_BYTES;
    this.slots = genericRingSlots(ringBytes, PVCALLS_SLOT_BYTES);
    this.#page = page;
    this.#counter = new ByteCounter(this.slots);
    this.#bytes = Buffer.alloc(GENERIC_RING.sizeBytes + this.slots * PVCALLS_SLOT_BYTES);
    this.#told = new Array<SlotCopy | undefined>(this.slots).fill(undefined);
  }

  /** Requests without a response, as of the last indices that made sense. */
  get inFlight(): number {
    return this.#counter.usedBytes;
  }

  /** Since somebody looks: at least so many, and exactly so many while `resets` is 0. */
  get requests(): number {
    return this.#counter.totalProducedBytes;
  }

  get responses(): number {
    return this.#counter.totalConsumedBytes;
  }

  get resets(): number {
    return this.#counter.resets;
  }

  look(nowMs: number): CommandLook {
    this.unreadable = undefined;
    try {
      return this.#look(nowMs);
    } catch (error) {
      // An observer of real pages may be refused; it is tried again with the next look.
      this.unreadable = error instanceof Error ? error.message : String(error);
      return still.gone;
    }
  }

  #look(nowMs: number): CommandLook {
    if (!this.#page.copy(this.#words)) return still.gone;
    if (this.#isAsBefore()) return still.same;
    for (let readings = 2; readings <= maxReadings; readings++) {
      if (!this.#page.copy(this.#bytes) || !this.#page.copy(this.#words)) return still.gone;
      if (this.#bytes.readUInt32LE(req_prod.offsetBytes) !== this.#readReqProd) continue;
      if (this.#bytes.readUInt32LE(rsp_prod.offsetBytes) !== this.#readRspProd) continue;
      return this.#take(nowMs);
    }
    this.tornLooks++;
    return still.torn;
  }

  get #readReqProd(): number {
    return this.#words.readUInt32LE(req_prod.offsetBytes);
  }

  get #readRspProd(): number {
    return this.#words.readUInt32LE(rsp_prod.offsetBytes);
  }

  #isAsBefore(): boolean {
    return this.#reqProd === this.#readReqProd && this.#rspProd === this.#readRspProd;
  }

  #take(nowMs: number): CommandLook {
    const [reqProd, rspProd] = [this.#readReqProd, this.#readRspProd];
    this.#reqProd = reqProd;
    this.#rspProd = rspProd;
    const result = this.#counter.count(reqProd, rspProd, nowMs);
    if (result === 'insane' || this.slots === 0) return still.insane;
    return result === 'first' || result === 'reset' ? this.#takeAll() : this.#takeNew();
  }

  /** Everything that still stands. Of a ring that was never filled the slots behind the first ones are empty. */
  #takeAll(): CommandLook {
    const { prod, cons, usedBytes: inFlight } = this.#counter;
    this.#told.fill(undefined);
    this.#numbersSlots = true;
    const standing = Math.min(this.slots - inFlight, cons);
    const requests = this.#requests(cons, indexDistance(prod, cons));
    const responses = this.#responses(indexDistance(cons, standing), standing);
    return { result: 'moved', isAnew: true, requests, responses, unseenRequests: 0, unseenResponses: 0 };
  }

  #takeNew(): CommandLook {
    const { prod, cons, usedBytes: inFlight, producedBytes, consumedBytes } = this.#counter;
    const readableRequests = Math.min(producedBytes, inFlight);
    const readableResponses = Math.min(consumedBytes, this.slots - inFlight);
    const requests = this.#requests(indexDistance(prod, readableRequests), readableRequests);
    const responses = this.#responses(indexDistance(cons, readableResponses), readableResponses);
    return {
      result: 'moved',
      isAnew: false,
      requests,
      responses,
      unseenRequests: producedBytes - readableRequests,
      unseenResponses: consumedBytes - readableResponses,
    };
  }

  #requests(first: number, count: number): SlotCopy[] {
    return numbers(first, count).map((index) => {
      const slot = { index, bytes: this.#copyOf(index) };
      const at = this.#slotOf(index);
      this.#told[at] = slot;
      if (parsePvCallsRequest(slot.bytes).reqId !== at) this.#numbersSlots = false;
      return slot;
    });
  }

  #responses(first: number, count: number): ResponseCopy[] {
    const slots = numbers(first, count).map((index) => ({ index, bytes: this.#copyOf(index) }));
    const reqIds = slots.map(({ bytes }) => parsePvCallsResponse(bytes).reqId);
    const used = Math.min(this.slots, this.#counter.prod);
    // A frontend that counts otherwise is found out by its last call at the latest.
    if (new Set(reqIds).size < reqIds.length || reqIds.some((reqId) => reqId >= used)) {
      this.#numbersSlots = false;
    }
    const misread = slots.map((slot) => this.#takeBackMisread(slot));
    return slots.map(({ index, bytes }, at) => {
      return { index, bytes, left: this.#left(index, reqIds[at]!), wasMisread: misread[at]! };
    });
  }

  /** Whether what was told as the request there was this response already: then that request was not told of. */
  #takeBackMisread({ index, bytes }: SlotCopy): boolean {
    const at = this.#slotOf(index);
    const told = this.#told[at];
    if (told?.index !== index || !isOfResponse(told.bytes, bytes)) return false;
    this.#told[at] = undefined;
    return true;
  }

  #left(index: number, reqId: number): Buffer | undefined {
    const { prod, usedBytes: inFlight } = this.#counter;
    const at = this.#numbersSlots ? reqId : this.#slotOf(index);
    // The last request that was put there is so many before the next one.
    const back = this.#slotOf(indexDistance(prod, at + 1)) + 1;
    const last = indexDistance(prod, back);
    return back <= inFlight || this.#told[at]?.index === last ? undefined : this.#copyOf(last);
  }

  #slotOf(index: number): number {
    return index & (this.slots - 1);
  }

  #copyOf(index: number): Buffer {
    const start = genericRingSlotOffset(index, PVCALLS_SLOT_BYTES, this.slots);
    return Buffer.from(this.#bytes.subarray(start, start + PVCALLS_SLOT_BYTES));
  }
}

/** `count` free-running numbers from `first` on. */
function numbers(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => (first + at) >>> 0);
}

/**
 * Whether these bytes, read as a request, were those of the response, or as much of it as was written by then: where a
 * request has the low half of its socket’s number a response has what it returns. A request for the same socket is
 * believed, as nothing comes of it that the response does not say.
 */
function isOfResponse(told: Buffer, bytes: Buffer): boolean {
  const request = parsePvCallsRequest(told);
  const { reqId, cmd, ret, id } = parsePvCallsResponse(bytes);
  if (request.cmd === 'unknown' || pvcallsCommands[request.cmd] !== cmd || request.reqId !== reqId)
    return false;
  return request.id !== id && BigInt.asIntN(32, request.id) === BigInt(ret);
}
