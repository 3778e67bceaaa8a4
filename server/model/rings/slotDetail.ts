/**
 * Reads the slots of a ring for somebody who wants to see them: requests that wait for their response, and
 * responses that still stand. A slot in flight holds the request until the backend writes the response over
 * it; that it has begun to nobody can see before it publishes it.
 */
import type { PageSampler } from '../../capture/pageSampler';
import type { SlotRingLayout } from '../../capture/pageLayouts';
import type { SlotSampler } from '../../capture/slotSampler';
import { GENERIC_RING, genericRingOccupancy, genericRingSlotOffset } from '../../wire/genericRing';
import { decodeSlot } from '../../wire/slotRings/decodeSlot';
import type { SlotLayout, SlotLayouts } from '../../wire/slotRings/slotRing';
import type { RingSlotsDetail, SlotEntry } from './slotTypes';

export const maxListedSlots = 32;

const { req_prod, req_event, rsp_prod, rsp_event } = GENERIC_RING.fields;

/** A copy of the whole ring, made for one look. */
export class SlotReader {
  readonly #page: PageSampler;
  readonly #slots: SlotSampler;
  readonly #bytes: Buffer;
  #isRead = false;

  constructor(page: PageSampler, slots: SlotSampler) {
    this.#page = page;
    this.#slots = slots;
    this.#bytes = Buffer.alloc(slots.layout.totalBytes);
  }

  /** All bytes of the ring as they were read last; zero before. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Reads the ring anew. What cannot be read stays as it was. */
  read(): RingSlotsDetail {
    if (this.#page.hasRead) this.#isRead = this.#copy() || this.#isRead;
    const { totalRequests: requests, totalResponses: responses, resets } = this.#slots;
    const listed = this.#isRead ? listSlots(this.#bytes, this.#slots.layout) : nothing;
    return { ...listed, requests, responses, resets };
  }

  #copy(): boolean {
    try {
      return this.#page.page.copy(this.#bytes, 0);
    } catch {
      // The sampler says so with its next sample.
      return false;
    }
  }
}

type Listed = Pick<RingSlotsDetail, 'inFlight' | 'inFlightLeftOut' | 'answered' | 'meanings'>;

const nothing: Listed = { inFlight: [], inFlightLeftOut: 0, answered: [], meanings: {} };

/** By the indices of the same copy. */
function listSlots(bytes: Buffer, { ring, slots }: SlotRingLayout): Listed {
  const word = ({ offsetBytes }: { readonly offsetBytes: number }) => bytes.readUInt32LE(offsetBytes);
  const [reqProd, rspProd] = [word(req_prod), word(rsp_prod)];
  const events = { reqEvent: word(req_event), rspEvent: word(rsp_event) };
  const said = genericRingOccupancy({ reqProd, rspProd, ...events }, slots);
  if (said.kind === 'insane' || slots === 0) return nothing;
  const meanings: Record<string, Record<string, string>> = {};
  const entry = (index: number, layouts: SlotLayouts): SlotEntry => {
    const slot = index & (slots - 1);
    const start = genericRingSlotOffset(index, ring.slotBytes, slots);
    const { layout, values } = decodeSlot(layouts, bytes.subarray(start, start + ring.slotBytes));
    meanings[layout.name] ??= meaningsOf(layout);
    return { index, slot, layout: layout.name, values };
  };
  const listed = Math.min(said.inFlight, maxListedSlots);
  // Of a ring that was never filled the slots behind the first responses are empty; indices begin at 0.
  const standing = Math.min(slots - said.inFlight, maxListedSlots, rspProd);
  return {
    inFlight: numbers(listed, (at) => entry((rspProd + at) >>> 0, ring.requests)),
    inFlightLeftOut: said.inFlight - listed,
    answered: numbers(standing, (at) => entry((rspProd - 1 - at) >>> 0, ring.responses)),
    meanings,
  };
}

function numbers<T>(length: number, make: (at: number) => T): T[] {
  return Array.from({ length }, (_, at) => make(at));
}

function meaningsOf({ fields }: SlotLayout): Record<string, string> {
  return Object.fromEntries(fields.map(({ name, meaning }) => [name, meaning]));
}
