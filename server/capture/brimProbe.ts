/**
 * Tells whether the writer of a ring went on writing without room, of a ring whose bytes nobody copies: the
 * oldest bytes that wait for the reader must stand as they are for as long as its index does. When they
 * changed and it did not move, the writer wrote over them; when they stand, its index is wrong.
 */
import type { ObservedPage } from '../host/observer';
import { indexDistance, ringSpans } from '../wire/ringIndex';

/** A few bytes may be the same again by chance. */
const probeBytes = 32;

export class BrimProbe {
  readonly #page: ObservedPage;
  readonly #ring: 'left' | 'right';
  readonly #sizeBytes: number;
  readonly #kept = Buffer.alloc(probeBytes);
  readonly #seen = Buffer.alloc(probeBytes);
  /** How many of the oldest unread bytes are kept, from this index on. */
  #keptBytes = 0;
  #cons = 0;

  constructor(page: ObservedPage, ring: 'left' | 'right', sizeBytes: number) {
    this.#page = page;
    this.#ring = ring;
    this.#sizeBytes = sizeBytes;
  }

  /** The indices make sense. */
  keep(prod: number, cons: number): void {
    this.#cons = cons;
    const bytes = Math.min(indexDistance(prod, cons), probeBytes);
    this.#keptBytes = this.#copy(this.#kept.subarray(0, bytes)) ? bytes : 0;
  }

  /**
   * The indices make no sense any more: whether bytes that waited at the reader's index, which has not moved,
   * are others now. False where nobody can tell, as where none waited.
   */
  hasChanged(cons: number): boolean {
    if (this.#keptBytes === 0 || cons !== this.#cons) return false;
    const seen = this.#seen.subarray(0, this.#keptBytes);
    return this.#copy(seen) && !seen.equals(this.#kept.subarray(0, this.#keptBytes));
  }

  /** False where the bytes cannot be had, or not without mapping more than the page of the indices. */
  #copy(into: Buffer): boolean {
    const page = this.#page;
    if (!page.isRingAtHand?.(this.#ring)) return false;
    let done = 0;
    try {
      for (const { offset, length } of ringSpans(this.#cons, into.length, this.#sizeBytes)) {
        if (!page.copyRing!(this.#ring, into.subarray(done, done + length), offset)) return false;
        done += length;
      }
    } catch {
      // It went this moment; the copy of the page says so.
      return false;
    }
    return true;
  }
}
