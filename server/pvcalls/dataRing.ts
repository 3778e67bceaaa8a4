/**
 * One end of the two data rings of a socket: `in` to the frontend, `out` to the backend. The order is that of
 * the protocol: look at the other side's index, check it, copy, move the own index, ring. The other side can
 * write every word of the page, so its indices are read once and checked before use, and of the own indices
 * the truth is kept here.
 */
import { XenscopeError } from '../host/errors';
import type { EventPort } from '../host/events';
import type { SharedMemory } from '../host/memory';
import { SaidStep, hexIndex, moveIndex, ringDoorbell } from '../host/microSteps';
import type { RingWork } from '../host/microSteps';
import { pvcallsRingBytes } from '../wire/pvcalls/dataPage';
import type { PvCallsEdition } from '../wire/pvcalls/dataPage';
import { advanceIndex, indexDistance, ringSpans } from '../wire/ringIndex';

export type PvCallsSide = 'frontend' | 'backend';

export interface DataRingPages {
  /** The page of indices. */
  readonly control: SharedMemory;
  readonly data: SharedMemory;
  readonly order: number;
  readonly edition: PvCallsEdition;
}

interface Direction {
  readonly name: 'in' | 'out';
  readonly prod: number;
  readonly cons: number;
  /** Where its bytes begin in the data pages. */
  readonly offset: number;
}

export class DataRing {
  /** Of each direction. */
  readonly bytes: number;
  readonly #pages: DataRingPages;
  readonly #side: PvCallsSide;
  readonly #port: EventPort;
  readonly #input: Direction;
  readonly #output: Direction;
  #cons: number;
  #prod: number;

  /** Goes on where the indices of this side stand. */
  constructor(pages: DataRingPages, side: PvCallsSide, port: EventPort) {
    const { fields } = pages.edition.indexes;
    this.#pages = pages;
    this.#side = side;
    this.#port = port;
    this.bytes = pvcallsRingBytes(pages.order);
    const inward: Direction = {
      name: 'in',
      prod: fields.in_prod.offsetBytes,
      cons: fields.in_cons.offsetBytes,
      offset: 0,
    };
    const outward: Direction = {
      name: 'out',
      prod: fields.out_prod.offsetBytes,
      cons: fields.out_cons.offsetBytes,
      offset: this.bytes,
    };
    [this.#input, this.#output] = side === 'frontend' ? [inward, outward] : [outward, inward];
    this.#cons = pages.control.load32(this.#input.cons);
    this.#prod = pages.control.load32(this.#output.prod);
  }

  /** Bytes that can be read. Throws a XenscopeError `protocol` where the indices cannot be. */
  ready(): number {
    const prod = this.#pages.control.load32(this.#input.prod);
    return this.#distance(this.#input, prod, this.#cons);
  }

  /** Bytes that can be written. Throws as `ready`. */
  space(): number {
    return this.bytes - this.unread();
  }

  /** Bytes that were written and that the other side has not read. Throws as `ready`. */
  unread(): number {
    const cons = this.#pages.control.load32(this.#output.cons);
    return this.#distance(this.#output, this.#prod, cons);
  }

  /** The backend's word about a direction: 0 or a negative errno. */
  errorOf(direction: 'in' | 'out'): number {
    return this.#pages.control.load32(this.#errorOffset(direction)) | 0;
  }

  /** Takes the first `count` bytes out of the ring, no more than `ready` said, and hands them over before it moves on. */
  *take(count: number, deliver: (bytes: Buffer) => void): RingWork<void> {
    const { name, cons } = this.#input;
    const from = this.#cons;
    yield this.#step('copy', () => `${count} bytes out of ${name}, from ${hexIndex(from)}`);
    // In one piece with what becomes of them: a socket that is released here has them, or has not touched them.
    const to = this.#takeNow(count, deliver);
    yield* this.#move(`${name}_cons`, cons, from, to);
    yield* this.#ring();
  }

  /** Puts bytes into the ring; no more than `space` said. */
  *put(bytes: Uint8Array): RingWork<void> {
    const { name, prod, offset } = this.#output;
    const from = this.#prod;
    yield this.#step('copy', () => `${bytes.length} bytes into ${name}, from ${hexIndex(from)}`);
    let done = 0;
    for (const span of ringSpans(from, bytes.length, this.bytes)) {
      this.#pages.data.copyIn(offset + span.offset, bytes.subarray(done, done + span.length));
      done += span.length;
    }
    this.#prod = advanceIndex(from, bytes.length);
    yield* this.#move(`${name}_prod`, prod, from, this.#prod);
    yield* this.#ring();
  }

  /** All that is there, at once and without a word to the other side: this end is over. */
  drain(deliver: (bytes: Buffer) => void): void {
    const count = this.ready();
    if (count > 0) this.#takeNow(count, deliver);
  }

  /** Says why a direction is over. */
  *fail(direction: 'in' | 'out', ret: number): RingWork<void> {
    yield this.#step('state', () => `${direction}_error ${ret}`);
    this.#pages.control.store32(this.#errorOffset(direction), ret);
    yield* this.#ring();
  }

  /** The same of both directions at once, where nothing will come any more. */
  failNow(ret: number): void {
    for (const direction of ['in', 'out'] as const) {
      this.#pages.control.store32(this.#errorOffset(direction), ret);
    }
    this.#port.notify();
  }

  #takeNow(count: number, deliver: (bytes: Buffer) => void): number {
    const bytes = Buffer.allocUnsafe(count);
    let done = 0;
    for (const span of ringSpans(this.#cons, count, this.bytes)) {
      const part = bytes.subarray(done, done + span.length);
      this.#pages.data.copyOut(this.#input.offset + span.offset, part);
      done += span.length;
    }
    this.#cons = advanceIndex(this.#cons, count);
    const to = this.#cons;
    deliver(bytes);
    return to;
  }

  #errorOffset(direction: 'in' | 'out'): number {
    const { in_error, out_error } = this.#pages.edition.indexes.fields;
    return direction === 'in' ? in_error.offsetBytes : out_error.offsetBytes;
  }

  #distance({ name }: Direction, prod: number, cons: number): number {
    const distance = indexDistance(prod, cons);
    if (distance <= this.bytes) return distance;
    throw new XenscopeError(
      'protocol',
      `${name}_prod is ${hexIndex(prod)} and ${name}_cons ${hexIndex(cons)}: ${distance} bytes apart in a ring of ${this.bytes}.`,
      { wayOut: 'Release the socket and open another one; whoever is at the other end has a fault.' },
    );
  }

  #move(name: string, offset: number, from: number, to: number): RingWork<void> {
    return moveIndex(this.#pages.control, this.#side, { name, offset, from, to });
  }

  #ring(): RingWork<void> {
    return ringDoorbell(this.#port, this.#side, this.#side === 'frontend' ? 'backend' : 'frontend');
  }

  #step(kind: 'copy' | 'state', say: () => string): SaidStep {
    return new SaidStep(kind, this.#side, say);
  }
}
