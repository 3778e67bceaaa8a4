/**
 * Shared memory without a buffer over it, for runtimes that forbid that (Electron): each access copies
 * through koffi. Single loads and stores of aligned words are whole on every processor that Xen runs
 * on; what must change a byte in one piece is left to libatomic, and refused without it.
 */
import type { Access, RevocableMemory } from '../server/host/bufferMemory';
import { CheckedMemory } from '../server/host/checkedMemory';
import { loadKoffi } from './koffi';
import type { Pointer } from './koffi';
import type { XenLibraries } from './libraries/xenLibraries';

/** `__ATOMIC_SEQ_CST` of GCC. */
const sequential = 5;

export class CopiedMemory extends CheckedMemory implements RevocableMemory {
  readonly #koffi = loadKoffi();
  readonly #libraries: XenLibraries;
  readonly #pointer: Pointer;
  readonly #fence = new Int32Array(new SharedArrayBuffer(4));

  constructor(pointer: Pointer, bytes: number, access: Access, libraries: XenLibraries) {
    super(bytes, access);
    this.#pointer = pointer;
    this.#libraries = libraries;
  }

  load32(offset: number): number {
    this.mustHoldWord(offset);
    this.#barrier();
    const value = this.#koffi.decode(this.#pointer, offset, 'uint32_t') as number;
    this.#barrier();
    return value;
  }

  store32(offset: number, value: number): void {
    this.mustHoldWord(offset);
    this.mustBeWritable();
    this.#barrier();
    this.#koffi.encode(this.#pointer, offset, 'uint32_t', value >>> 0);
    this.#barrier();
  }

  load8(offset: number): number {
    this.mustHold(offset, 1);
    this.#barrier();
    return this.#koffi.decode(this.#pointer, offset, 'uint8_t') as number;
  }

  store8(offset: number, value: number): void {
    this.mustHold(offset, 1);
    this.mustBeWritable();
    this.#koffi.encode(this.#pointer, offset, 'uint8_t', value & 0xff);
    this.#barrier();
  }

  and8(offset: number, mask: number): number {
    const address = this.#byteToChange(offset);
    return this.#atomic().__atomic_fetch_and_1(address, mask & 0xff, sequential) & 0xff;
  }

  or8(offset: number, mask: number): number {
    const address = this.#byteToChange(offset);
    return this.#atomic().__atomic_fetch_or_1(address, mask & 0xff, sequential) & 0xff;
  }

  copyOut(offset: number, into: Uint8Array): void {
    this.mustHold(offset, lengthOf(into));
    if (into.length === 0) return;
    into.set(this.#koffi.decode(this.#pointer, offset, 'uint8_t', into.length) as Uint8Array);
  }

  copyIn(offset: number, from: Uint8Array): void {
    this.mustHold(offset, lengthOf(from));
    this.mustBeWritable();
    if (from.length === 0) return;
    this.#koffi.encode(this.#pointer, offset, 'uint8_t', from, from.length);
  }

  /** A change in one piece of any memory is a full barrier for all. */
  #barrier(): void {
    Atomics.exchange(this.#fence, 0, 0);
  }

  #atomic() {
    return this.#libraries.functions('atomic');
  }

  #byteToChange(offset: number): Pointer {
    this.mustHold(offset, 1);
    this.mustBeWritable();
    return this.#pointer + BigInt(offset);
  }
}

/** Nothing else may reach koffi: it would take what it is given at its word. */
function lengthOf(bytes: Uint8Array): number {
  if (bytes instanceof Uint8Array) return bytes.length;
  throw new TypeError('bytes are copied from and into a Uint8Array');
}
