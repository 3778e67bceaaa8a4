/**
 * Pages of one domain's memory. They live as long as the domain keeps them or somebody maps them:
 * what a dead domain lent out stays readable for those who hold it, and is freed with the last.
 */
import { memoryOver } from '../../host/bufferMemory';
import type { BufferPart, RevocableMemory } from '../../host/bufferMemory';
import { PAGE_BYTES } from '../../host/pages';
import type { ReadOnlyPages, SharedPages } from '../../host/pages';

/** Where another process finds a page. */
export interface PagePlace {
  /** The file; undefined where pages live in this process only. */
  readonly file: string | undefined;
  /** Which page of the file. */
  readonly page: number;
}

export class Frames {
  /** The memory as its owner has it. */
  readonly memory: RevocableMemory;
  readonly #pages: SharedPages;
  readonly #onFreed: () => void;
  #isKept = true;
  #maps = 0;

  constructor(
    readonly ownerDomid: number,
    pages: SharedPages,
    onFreed: () => void,
  ) {
    this.#pages = pages;
    this.#onFreed = onFreed;
    const parts = Array.from({ length: pages.pages }, (_, page) => this.partOf(page));
    this.memory = memoryOver(parts, 'write');
  }

  get pages(): number {
    return this.#pages.pages;
  }

  partOf(page: number): BufferPart {
    return { buffer: this.#pages.buffer, offset: page * PAGE_BYTES, bytes: PAGE_BYTES };
  }

  placeOf(page: number): PagePlace {
    return { file: this.#pages.path, page };
  }

  /** For somebody who only looks; see SharedPages. */
  readOnly(): ReadOnlyPages {
    return this.#pages.readOnly();
  }

  /** One more page of these is mapped. */
  mapped(): void {
    this.#maps++;
  }

  unmapped(): void {
    this.#maps--;
    this.#freeIfUnused();
  }

  /** The owner gives them up, or dies. */
  release(reason: string): void {
    if (!this.#isKept) return;
    this.#isKept = false;
    this.memory.revoke(reason);
    this.#freeIfUnused();
  }

  #freeIfUnused(): void {
    if (this.#isKept || this.#maps > 0) return;
    this.#pages.free();
    this.#onFreed();
  }
}
