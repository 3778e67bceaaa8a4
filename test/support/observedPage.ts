/**
 * A page with two rings as its ends see it, for tests: both ends write into real page bytes, by the
 * rules of docs/misc/xenstore-ring.txt, or against them where a test wants that.
 */
import type { ObservedInside, ObservedPage, Observer } from '../../server/host/observer';
import { layoutOf } from '../../server/capture/layoutOf';
import type { DirectionName, PageLayout } from '../../server/capture/pageLayouts';
import { indexDistance } from '../../server/wire/ringIndex';

const vchanBytes = [4096, 4096] as const;

export interface ObservedRingPageOptions {
  readonly kind?: ObservedPage['kind'];
  readonly domid?: number;
  /** Where all indices begin. */
  readonly startIndex?: number;
}

export class ObservedRingPage {
  readonly bytes = Buffer.alloc(4096);
  /** Of a vchan, whose rings are not in its page: it is moved with `setPair`, and its bytes are set here. */
  readonly rings = { left: Buffer.alloc(vchanBytes[0]), right: Buffer.alloc(vchanBytes[1]) };
  areRingsAtHand = true;
  readonly layout: PageLayout;
  readonly domid: number;
  isGone = false;
  /** Given, the page is one of a simulated host. */
  inside: ObservedInside | undefined;
  /** Called before each copy that an observer takes: somebody may write meanwhile. */
  beforeCopy: (() => void) | undefined;
  /** Copies that observers took. */
  copies = 0;
  copiedBytes = 0;
  /** The truth: bytes that went through, by direction. */
  readonly produced: Record<string, number> = { req: 0, rsp: 0, in: 0, out: 0 };
  readonly consumed: Record<string, number> = { req: 0, rsp: 0, in: 0, out: 0 };

  constructor({ kind = 'xenstore', domid = 3, startIndex = 0 }: ObservedRingPageOptions = {}) {
    this.layout = layoutOf({ kind, ringBytes: vchanBytes });
    this.domid = domid;
    for (const { name } of this.layout.directions) this.setPair(name, startIndex, startIndex);
  }

  /** The page as an observer finds it; each call gives another one. */
  get observed(): ObservedPage {
    const { kind } = this.layout;
    const inside = () => this.inside;
    return {
      id: `${kind}:${this.domid}`,
      kind,
      domid: this.domid,
      found: 'made by a test',
      ...(kind === 'vchan' && {
        ringBytes: vchanBytes,
        isRingAtHand: () => this.areRingsAtHand,
        copyRing: (ring: 'left' | 'right', into: Uint8Array, offset: number) => {
          into.set(this.rings[ring].subarray(offset, offset + into.length));
          return !this.isGone;
        },
      }),
      copy: (into, offset = 0) => {
        if (this.isGone) return false;
        this.beforeCopy?.();
        this.copies++;
        this.copiedBytes += into.length;
        into.set(this.bytes.subarray(offset, offset + into.length));
        return true;
      },
      get inside() {
        return inside();
      },
    };
  }

  word(name: string): number {
    return this.bytes.readUInt32LE(this.layout.layout.fields[name]!.offsetBytes);
  }

  setWord(name: string, value: number): void {
    const { offsetBytes, widthBytes } = this.layout.layout.fields[name]!;
    if (widthBytes === 1) this.bytes[offsetBytes] = value;
    else this.bytes.writeUInt32LE(value >>> 0, offsetBytes);
  }

  setPair(name: DirectionName, prod: number, cons: number): void {
    this.setWord(`${name}_prod`, prod);
    this.setWord(`${name}_cons`, cons);
  }

  used(name: DirectionName): number {
    return indexDistance(this.word(`${name}_prod`), this.word(`${name}_cons`));
  }

  /** Writes as much of `bytes` as there is room for and moves the index; answers how much that was. */
  produce(name: DirectionName, bytes: Uint8Array): number {
    const length = Math.min(bytes.length, this.direction(name).sizeBytes - this.used(name));
    this.copyIn(name, bytes.subarray(0, length));
    this.setWord(`${name}_prod`, this.word(`${name}_prod`) + length);
    this.produced[name]! += length;
    return length;
  }

  /** The first step of producing only: the bytes are there and the index has not moved. */
  copyIn(name: DirectionName, bytes: Uint8Array): void {
    const { offsetBytes, sizeBytes } = this.direction(name);
    const prod = this.word(`${name}_prod`);
    bytes.forEach((byte, at) => (this.bytes[offsetBytes + ((prod + at) & (sizeBytes - 1))] = byte));
  }

  /** Reads up to `length` bytes and moves the index. */
  consume(name: DirectionName, length = Infinity): Buffer {
    const { offsetBytes, sizeBytes } = this.direction(name);
    const cons = this.word(`${name}_cons`);
    const taken = Buffer.alloc(Math.min(length, this.used(name)));
    for (let at = 0; at < taken.length; at++) {
      taken[at] = this.bytes[offsetBytes + ((cons + at) & (sizeBytes - 1))]!;
    }
    this.setWord(`${name}_cons`, cons + taken.length);
    this.consumed[name]! += taken.length;
    return taken;
  }

  /** Writes and reads all of `bytes`, in pieces that fit. */
  pass(name: DirectionName, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      at += this.produce(name, bytes.subarray(at));
      this.consume(name);
    }
  }

  private direction(name: DirectionName) {
    return this.layout.directions.find((direction) => direction.name === name)!;
  }
}

/** An observer of pages that a test puts there and takes away. */
export class PageObserver implements Observer {
  #pages: readonly ObservedPage[];
  readonly #listeners = new Set<() => void>();

  constructor(pages: readonly ObservedPage[]) {
    this.#pages = pages;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  pages(): readonly ObservedPage[] {
    return this.#pages;
  }

  setPages(pages: readonly ObservedPage[]): void {
    this.#pages = pages;
    for (const listener of [...this.#listeners]) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** One that tells of moves, when a test says that there was one. */
export class MovingPageObserver extends PageObserver {
  readonly #moveListeners = new Set<(domid: number | undefined) => void>();

  get moveListeners(): number {
    return this.#moveListeners.size;
  }

  onMove(listener: (domid: number | undefined) => void): () => void {
    this.#moveListeners.add(listener);
    return () => this.#moveListeners.delete(listener);
  }

  moved(domid?: number): void {
    for (const listener of [...this.#moveListeners]) listener(domid);
  }
}
