/** Where a host gets pages that several parties can map at once. */

export const PAGE_BYTES = 4096;

export interface SharedPages {
  readonly pages: number;
  /** The bytes themselves; zero at first. Each call of Atomics on them is seen by every other mapping. */
  readonly buffer: ArrayBufferLike;
  /** A file that other processes can map to share these pages; undefined where they live in this process only. */
  readonly path: string | undefined;
  /**
   * The same bytes for somebody who only looks. Where the system can do it (files), a write through
   * this buffer faults; `close` ends the mapping, and `free` does so as well.
   */
  readOnly(): ReadOnlyPages;
  /** Gives them back. Nobody may use `buffer` afterwards. Safe to call twice. */
  free(): void;
}

export interface ReadOnlyPages {
  readonly buffer: ArrayBufferLike;
  /** Safe to call twice. */
  close(): void;
}

export interface PagePool {
  /** Whether other processes can map the pages too. */
  readonly isShared: boolean;
  /** The folder of the files that other processes can map; absent where there are none. */
  readonly folder?: string;
  /** Throws a XenscopeError `limit` when there is no room. */
  allocate(pages: number): SharedPages;
  /** Frees everything that is left. */
  close(): void;
}
