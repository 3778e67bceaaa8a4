/**
 * Looks at one page. Nobody stops the ends while we copy, so the words are read, then the arrays, then
 * the words again, until two readings in a row agree: then the arrays between them hold what the
 * indices say. When that does not come about the sample is torn, and counts for nothing.
 *
 * Of a page at rest the words are read, once, and compared; nothing else is touched or allocated.
 */
import type { ObservedPage } from '../host/observer';
import type { Field } from '../wire/layout';
import { BrimProbe } from './brimProbe';
import { DirectionSampler } from './directionSampler';
import type { DirectionLayout, PageLayout } from './pageLayouts';
import { layoutOf } from './layoutOf';
import { reqProdOffset, rspProdOffset, SlotSampler } from './slotSampler';

/** A page whose words have stood still for so long is at rest, and looked at no more often than the interval says. */
export const restAfterMs = 1_000;
export const restIntervalMs = 100;
/** Timers come a little early: that shall not cost another round. */
const earlyMs = 10;

/** How often the words are read before a sample is called torn. */
export const maxReadings = 4;

/**
 * `same`: no word changed since the last good sample. `moved`: one did. `torn`: the words would not
 * hold still. `gone`: there is no such page any more, or, with `unreadable`, it cannot be read now.
 */
export type SampleResult = 'same' | 'moved' | 'torn' | 'gone';

export class PageSampler {
  readonly layout: PageLayout;
  readonly directions: readonly DirectionSampler[];
  /** Where the page begins a ring of requests and responses. */
  readonly slots: SlotSampler | undefined;
  samples = 0;
  tornSamples = 0;
  /** The connection word asks for a reconnect: the indices mean nothing meanwhile. */
  isReconnecting = false;
  /** Why the last copy failed otherwise than by the page being gone, e.g. that nothing more can be mapped. */
  unreadable: string | undefined;
  #good: PageCopy;
  #older: PageCopy;
  #newer: PageCopy;
  #hasGood = false;
  #isStill = false;
  #lookedMs = -Infinity;
  /** Since when each look found the same words. */
  #sameSinceMs: number | undefined;

  constructor(readonly page: ObservedPage) {
    this.layout = layoutOf(page);
    const { directions, slotRing } = this.layout;
    this.directions = directions.map((direction) => new DirectionSampler(direction, brimOf(page, direction)));
    this.slots = slotRing && new SlotSampler(slotRing);
    this.#good = new PageCopy(this.layout);
    this.#older = new PageCopy(this.layout);
    this.#newer = new PageCopy(this.layout);
  }

  /** Whether anything was read yet: before, `bytes` and `word` are zero. */
  get hasRead(): boolean {
    return this.#hasGood;
  }

  /** The page as it was when its words were last seen to have moved. It changes when they move again. */
  get bytes(): Uint8Array {
    return this.#good.bytes;
  }

  /** An index or state word of the last good sample, by its offset in the page. */
  word(offset: number): number {
    return this.#good.words[(offset - this.layout.wordsOffset) >>> 2]!;
  }

  /** A field of the layout, as wide as it is. */
  field({ offsetBytes, widthBytes }: Field): number {
    const word = this.word(offsetBytes & ~3) >>> (8 * (offsetBytes & 3));
    return widthBytes === 1 ? word & 0xff : widthBytes === 2 ? word & 0xffff : word;
  }

  /** Whether it is time to look again: with every round, while the page is not at rest. */
  isDue(nowMs: number): boolean {
    if (this.#sameSinceMs === undefined || Math.abs(nowMs - this.#sameSinceMs) < restAfterMs) return true;
    return Math.abs(nowMs - this.#lookedMs) >= restIntervalMs - earlyMs;
  }

  sample(nowMs: number): SampleResult {
    this.#lookedMs = nowMs;
    const result = this.#look(nowMs);
    if (result === 'same') this.#sameSinceMs ??= nowMs;
    else this.#sameSinceMs = undefined;
    return result;
  }

  #look(nowMs: number): SampleResult {
    this.unreadable = undefined;
    if (!this.#readWords(this.#older)) return 'gone';
    this.samples++;
    if (this.#hasGood && this.#older.hasWordsOf(this.#good)) {
      this.#still();
      return 'same';
    }
    for (let readings = 2; readings <= maxReadings; readings++) {
      if (!this.#readArrays(this.#newer) || !this.#readWords(this.#newer)) return 'gone';
      if (this.#newer.hasWordsOf(this.#older)) {
        this.#takeNewer(nowMs);
        return 'moved';
      }
      [this.#older, this.#newer] = [this.#newer, this.#older];
    }
    this.tornSamples++;
    this.#still();
    return 'torn';
  }

  #still(): void {
    if (this.#isStill) return;
    this.#isStill = true;
    for (const direction of this.directions) direction.still();
    this.slots?.still();
  }

  #readWords({ wordBytes }: PageCopy): boolean {
    return this.#read(wordBytes, this.layout.wordsOffset);
  }

  #readArrays({ bytes }: PageCopy): boolean {
    // Of some pages nothing but the words is looked at.
    return bytes.length === this.layout.wordsBytes || this.#read(bytes, 0);
  }

  /** An observer of real pages may be refused: that must not end the sampling of all others. */
  #read(into: Uint8Array, offset: number): boolean {
    try {
      return this.page.copy(into, offset);
    } catch (error) {
      this.unreadable = error instanceof Error ? error.message : String(error);
      return false;
    }
  }

  #takeNewer(nowMs: number): void {
    const before = this.#hasGood ? this.#good.bytes : undefined;
    [this.#good, this.#newer] = [this.#newer, this.#good];
    this.#hasGood = true;
    this.#isStill = false;
    const { kind, layout } = this.layout;
    this.isReconnecting = kind === 'xenstore' && this.word(layout.fields.connection!.offsetBytes) !== 0;
    this.slots?.take(this.word(reqProdOffset), this.word(rspProdOffset), nowMs);
    for (const direction of this.directions) {
      const { prodOffset, consOffset } = direction.layout;
      const [prod, cons] = [this.word(prodOffset), this.word(consOffset)];
      if (this.isReconnecting) direction.restart(prod, cons);
      else direction.take(prod, cons, nowMs, this.bytes, before);
    }
  }
}

/** Of a vchan's ring the brim is looked at, and nothing else of its bytes. */
function brimOf(page: ObservedPage, { name, sizeBytes }: DirectionLayout): BrimProbe | undefined {
  const isVchans = page.kind === 'vchan' && (name === 'left' || name === 'right');
  return isVchans ? new BrimProbe(page, name, sizeBytes) : undefined;
}

/** As much of a page as means something, with a view on its words. */
class PageCopy {
  readonly bytes: Uint8Array;
  readonly wordBytes: Uint8Array;
  readonly words: Uint32Array;

  constructor({ usedBytes, wordsOffset, wordsBytes }: PageLayout) {
    this.bytes = new Uint8Array(usedBytes);
    this.wordBytes = this.bytes.subarray(wordsOffset, wordsOffset + wordsBytes);
    this.words = new Uint32Array(this.bytes.buffer, wordsOffset, wordsBytes >>> 2);
  }

  hasWordsOf(other: PageCopy): boolean {
    for (let at = 0; at < this.words.length; at++) if (this.words[at] !== other.words[at]) return false;
    return true;
  }
}
