/** A ring page as one end has it, which tells when bytes are copied by indices that do not allow it. */
import type { SharedMemory } from '../../server/host/memory';
import { REQ_RING, RSP_RING, type RingHalf } from '../../server/store/ring/ringHalves';
import type { RingSide } from '../../server/store/ring/ringMoves';
import { indexDistance } from '../../server/wire/ringIndex';
import { XS_RING_BYTES } from '../../server/wire/xsRing';

export class CheckedMemory implements SharedMemory {
  readonly bytes: number;
  readonly dead = undefined;
  /** For an end that is made to ignore that a ring is full. */
  mayOverrun = false;
  /** What the end has seen last in each index word. */
  readonly #seen = new Map<number, number>();

  constructor(
    private readonly page: SharedMemory,
    private readonly side: RingSide,
    private readonly fail: (problem: string) => void,
  ) {
    this.bytes = page.bytes;
  }

  load32(offset: number): number {
    const value = this.page.load32(offset);
    this.#seen.set(offset, value);
    return value;
  }

  store32(offset: number, value: number): void {
    this.page.store32(offset, value);
  }

  load8(offset: number): number {
    return this.page.load8(offset);
  }

  store8(offset: number, value: number): void {
    this.page.store8(offset, value);
  }

  and8(offset: number, mask: number): number {
    return this.page.and8(offset, mask);
  }

  or8(offset: number, mask: number): number {
    return this.page.or8(offset, mask);
  }

  copyOut(offset: number, into: Uint8Array): void {
    const used = this.#used(this.side === 'server' ? REQ_RING : RSP_RING);
    if (used > XS_RING_BYTES || into.length > used) {
      this.fail(`the ${this.side} copies ${into.length} bytes out where it saw ${used}`);
    }
    this.page.copyOut(offset, into);
  }

  copyIn(offset: number, from: Uint8Array): void {
    // A server empties both rings at a reconnect.
    const wipes = this.side === 'server' && from.length === 2 * XS_RING_BYTES;
    const free = XS_RING_BYTES - this.#used(this.side === 'server' ? RSP_RING : REQ_RING);
    if (!wipes && !this.mayOverrun && from.length > free) {
      this.fail(`the ${this.side} copies ${from.length} bytes in where it saw room for ${free}`);
    }
    this.page.copyIn(offset, from);
  }

  /** By the indices that the end has seen; more than a ring holds where they cannot be. */
  #used({ prodOffset, consOffset }: RingHalf): number {
    return indexDistance(this.#seen.get(prodOffset) ?? 0, this.#seen.get(consOffset) ?? 0);
  }
}
