/** Shared memory over buffers: what every host hands out as `memory`, wherever its pages come from. */
import { CheckedMemory } from './checkedMemory';
import type { Access } from './checkedMemory';
import type { SharedMemory } from './memory';
import { PAGE_BYTES } from './pages';

export type { Access } from './checkedMemory';

/** A SharedMemory whose owner can take it away. */
export interface RevocableMemory extends SharedMemory {
  /** From now on every use throws a XenscopeError `gone` with this reason. The first reason stays. */
  revoke(reason: string): void;
}

export interface BufferPart {
  readonly buffer: ArrayBufferLike;
  /** A multiple of 4. */
  readonly offset: number;
  readonly bytes: number;
}

/** Pieces up to this are copied word by word. */
const fewBytes = 64;

/** Memory over one piece of a buffer. Offsets outside it, or odd ones for words, are a RangeError: a bug. */
export class BufferMemory extends CheckedMemory implements RevocableMemory {
  #words: Int32Array;
  #octets: Uint8Array;

  constructor({ buffer, offset, bytes }: BufferPart, access: Access) {
    super(bytes, access);
    this.#words = new Int32Array(buffer, offset, bytes >>> 2);
    this.#octets = new Uint8Array(buffer, offset, bytes);
  }

  override revoke(reason: string): void {
    super.revoke(reason);
    this.#words = new Int32Array(0);
    this.#octets = new Uint8Array(0);
  }

  load32(offset: number): number {
    return Atomics.load(this.#words, this.#wordAt(offset)) >>> 0;
  }

  store32(offset: number, value: number): void {
    const word = this.#wordAt(offset);
    this.mustBeWritable();
    Atomics.store(this.#words, word, value | 0);
  }

  load8(offset: number): number {
    this.mustHold(offset, 1);
    return Atomics.load(this.#octets, offset);
  }

  store8(offset: number, value: number): void {
    this.mustHold(offset, 1);
    this.mustBeWritable();
    Atomics.store(this.#octets, offset, value);
  }

  and8(offset: number, mask: number): number {
    this.mustHold(offset, 1);
    this.mustBeWritable();
    return Atomics.and(this.#octets, offset, mask);
  }

  or8(offset: number, mask: number): number {
    this.mustHold(offset, 1);
    this.mustBeWritable();
    return Atomics.or(this.#octets, offset, mask);
  }

  copyOut(offset: number, into: Uint8Array): void {
    this.mustHold(offset, into.length);
    if (into.length <= fewBytes && ((offset | into.length) & 3) === 0) this.#wordsOut(offset, into);
    else into.set(this.#octets.subarray(offset, offset + into.length));
  }

  copyIn(offset: number, from: Uint8Array): void {
    this.mustHold(offset, from.length);
    this.mustBeWritable();
    this.#octets.set(from, offset);
  }

  /** A view on a piece costs more than the few words of a ring, which are looked at all the time. */
  #wordsOut(offset: number, into: Uint8Array): void {
    const first = offset >>> 2;
    for (let at = 0; at < into.length; at += 4) {
      const word = this.#words[first + (at >>> 2)]!;
      into[at] = word;
      into[at + 1] = word >>> 8;
      into[at + 2] = word >>> 16;
      into[at + 3] = word >>> 24;
    }
  }

  #wordAt(offset: number): number {
    this.mustHoldWord(offset);
    return offset >>> 2;
  }
}

/** Copies from `offset` on as much of `memory` as there is. */
export function copyPart(memory: SharedMemory, into: Uint8Array, offset: number): void {
  const bytes = Math.max(0, memory.bytes - offset);
  memory.copyOut(offset, into.length > bytes ? into.subarray(0, bytes) : into);
}

/** Memories of one page each as one memory, in the order given. */
export class ScatteredMemory implements RevocableMemory {
  readonly bytes: number;
  readonly #pages: readonly RevocableMemory[];

  constructor(pages: readonly RevocableMemory[]) {
    this.#pages = pages;
    this.bytes = pages.length * PAGE_BYTES;
  }

  get dead(): string | undefined {
    return this.#pages[0]!.dead;
  }

  revoke(reason: string): void {
    for (const page of this.#pages) page.revoke(reason);
  }

  load32(offset: number): number {
    return this.#pageAt(offset, 4).load32(offset % PAGE_BYTES);
  }

  store32(offset: number, value: number): void {
    this.#pageAt(offset, 4).store32(offset % PAGE_BYTES, value);
  }

  load8(offset: number): number {
    return this.#pageAt(offset, 1).load8(offset % PAGE_BYTES);
  }

  store8(offset: number, value: number): void {
    this.#pageAt(offset, 1).store8(offset % PAGE_BYTES, value);
  }

  and8(offset: number, mask: number): number {
    return this.#pageAt(offset, 1).and8(offset % PAGE_BYTES, mask);
  }

  or8(offset: number, mask: number): number {
    return this.#pageAt(offset, 1).or8(offset % PAGE_BYTES, mask);
  }

  copyOut(offset: number, into: Uint8Array): void {
    this.#eachPage(offset, into, (page, at, part) => page.copyOut(at, part));
  }

  copyIn(offset: number, from: Uint8Array): void {
    this.#eachPage(offset, from, (page, at, part) => page.copyIn(at, part));
  }

  #eachPage(
    offset: number,
    bytes: Uint8Array,
    use: (page: RevocableMemory, at: number, part: Uint8Array) => void,
  ): void {
    this.#pageAt(offset, bytes.length);
    for (let done = 0; done < bytes.length;) {
      const at = (offset + done) % PAGE_BYTES;
      const length = Math.min(PAGE_BYTES - at, bytes.length - done);
      use(this.#pages[Math.floor((offset + done) / PAGE_BYTES)]!, at, bytes.subarray(done, done + length));
      done += length;
    }
  }

  /** The page where `length` bytes begin; nothing is read or written before all of them are known to exist. */
  #pageAt(offset: number, length: number): RevocableMemory {
    if (!Number.isInteger(offset) || offset < 0 || offset + length > this.bytes) {
      throw new RangeError(`${length} bytes at offset ${offset} lie outside a memory of ${this.bytes}`);
    }
    return this.#pages[Math.min(Math.floor(offset / PAGE_BYTES), this.#pages.length - 1)]!;
  }
}

/** One memory over all `parts`: a plain one where they lie side by side in one buffer. */
export function memoryOver(parts: readonly BufferPart[], access: Access): RevocableMemory {
  const first = parts[0]!;
  let end = first.offset;
  for (const { buffer, offset, bytes } of parts) {
    if (buffer !== first.buffer || offset !== end) {
      return new ScatteredMemory(parts.map((part) => new BufferMemory(part, access)));
    }
    end += bytes;
  }
  return new BufferMemory({ buffer: first.buffer, offset: first.offset, bytes: end - first.offset }, access);
}
