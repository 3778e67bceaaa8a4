/**
 * Truly shared memory, as this side sees it: somebody else may change every byte between two reads.
 * Index words and flag bytes go through Atomics; nothing here gives ordering beyond what each
 * method says. All numbers are unsigned and little-endian, as on every machine Xen runs on.
 */

export interface SharedMemory {
  readonly bytes: number;
  /** Why it can no longer be used (unmapped, ended), or undefined while it can. */
  readonly dead: string | undefined;

  /** A 32-bit word at an offset that is a multiple of 4; a full barrier. */
  load32(offset: number): number;
  store32(offset: number, value: number): void;
  load8(offset: number): number;
  store8(offset: number, value: number): void;
  /** Changes a byte in one piece and gives what it was before. */
  and8(offset: number, mask: number): number;
  or8(offset: number, mask: number): number;

  /** Copies `into.length` bytes out of the memory, from `offset` on. */
  copyOut(offset: number, into: Uint8Array): void;
  /** Copies `from` into the memory. Memory that is mapped for reading refuses with `refused`. */
  copyIn(offset: number, from: Uint8Array): void;
}
