/**
 * Listens to a vchan of others: follows its indices, copies what is new of both rings, and keeps it until
 * somebody takes it. What is not taken in time is dropped, the oldest first, and counted.
 */
import { XenscopeError } from '../host/errors';
import type { ObservedPage } from '../host/observer';
import { VCHAN_PAGE } from '../wire/vchanPage';
import { maxReadings, type SampleResult } from './pageSampler';
import { type Passed, type RingCopy, TapWay } from './tapWay';

export const maxKeptBytes = 256 * 1024;
export const maxKeptPieces = 500;

export interface Tapped {
  /** In the order in which they were seen. */
  readonly passed: readonly Passed[];
  /** Bytes that were seen before them and dropped. */
  readonly leftOutBytes: number;
}

const { fields } = VCHAN_PAGE;
const wordsBytes = 24;
/** The four indices come first. */
const indexBytes = 16;

export class VchanTap {
  /** To the server, and to the client. */
  readonly left: TapWay;
  readonly right: TapWay;
  /** Why the bytes of a ring cannot be reached, though its indices can; as of the last look. */
  unreachable: XenscopeError | undefined;
  /** Why not even the indices can be read now. */
  unreadable: XenscopeError | undefined;
  tornLooks = 0;
  readonly #page: ObservedPage;
  readonly #passed: Passed[] = [];
  #keptBytes = 0;
  #leftOutBytes = 0;
  #good = Buffer.alloc(wordsBytes);
  #older = Buffer.alloc(wordsBytes);
  #newer = Buffer.alloc(wordsBytes);
  #hasGood = false;

  constructor(page: ObservedPage) {
    this.#page = page;
    const [left = 0, right = 0] = page.ringBytes ?? [];
    this.left = new TapWay('left', left);
    this.right = new TapWay('right', right);
  }

  /** Whether anything was read yet. */
  get hasRead(): boolean {
    return this.#hasGood;
  }

  look(nowMs: number): SampleResult {
    try {
      this.unreadable = undefined;
      return this.#look(nowMs);
    } catch (error) {
      // An observer of real pages may be refused; it is tried again with the next look.
      if (!(error instanceof XenscopeError)) throw error;
      this.unreadable = error;
      return 'torn';
    }
  }

  /** What passed since it was asked last. */
  take(): Tapped {
    const tapped = { passed: [...this.#passed], leftOutBytes: this.#leftOutBytes };
    this.#passed.length = 0;
    this.#keptBytes = 0;
    this.#leftOutBytes = 0;
    return tapped;
  }

  #look(nowMs: number): SampleResult {
    const page = this.#page;
    if (!page.copy(this.#older)) return 'gone';
    if (this.#hasGood && isSame(this.#older, this.#good)) return 'same';
    this.unreachable = undefined;
    for (let readings = 2; readings <= maxReadings; readings++) {
      const left = this.#copy(this.left, this.#older);
      const right = this.#copy(this.right, this.#older);
      if (left === 'gone' || right === 'gone' || !page.copy(this.#newer)) return 'gone';
      if (isSame(this.#newer, this.#older)) {
        [this.#good, this.#newer] = [this.#newer, this.#good];
        this.#hasGood = true;
        this.#take(this.left, left, nowMs);
        this.#take(this.right, right, nowMs);
        return 'moved';
      }
      [this.#older, this.#newer] = [this.#newer, this.#older];
    }
    this.tornLooks++;
    return 'torn';
  }

  /** Undefined: the bytes cannot be reached. */
  #copy(way: TapWay, words: Buffer): RingCopy | 'gone' | undefined {
    const { ring } = way;
    const [prod, cons] = indicesOf(words, ring);
    try {
      return way.copy(prod, cons, (into, offset) => this.#page.copyRing!(ring, into, offset)) ?? 'gone';
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      this.unreachable = error;
      return undefined;
    }
  }

  #take(way: TapWay, seen: RingCopy | undefined, nowMs: number): void {
    const passed = way.take(...indicesOf(this.#good, way.ring), nowMs, seen);
    if (!passed) return;
    this.#passed.push(passed);
    this.#keptBytes += passed.bytes.length;
    while (
      this.#passed.length > maxKeptPieces ||
      (this.#keptBytes > maxKeptBytes && this.#passed.length > 1)
    ) {
      const { bytes } = this.#passed.shift()!;
      this.#keptBytes -= bytes.length;
      this.#leftOutBytes += bytes.length;
    }
  }
}

function indicesOf(words: Buffer, ring: 'left' | 'right'): [prod: number, cons: number] {
  const word = (name: 'prod' | 'cons') => words.readUInt32LE(fields[`${ring}_${name}`].offsetBytes);
  return [word('prod'), word('cons')];
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.compare(other, 0, indexBytes, 0, indexBytes) === 0;
}
