/**
 * Grants: how one domain lends pages to another (xen/include/public/grant_table.h, and the devices
 * gntdev and gntalloc as user space sees them).
 */
import type { SharedMemory } from './memory';

/** What happens when the memory is unmapped, however that comes, a crash included. */
export interface UnmapNotify {
  /** This byte becomes 0. */
  readonly clearByteOffset?: number;
  /** This local event channel is signalled. */
  readonly signalPort?: number;
}

export interface Shared {
  /** One grant reference for each page. */
  readonly grefs: readonly number[];
  readonly memory: SharedMemory;
  /**
   * Takes the pages back. A grant that is in use cannot be ended: a simulated host throws a XenscopeError
   * `busy` while the other domain still maps them; a real one takes them back when the last mapping goes.
   */
  end(): void;
  /** Gives the pages up: nobody may map them anew, and what is mapped goes with its last mapping. Safe to call twice. */
  endWhenUnused(): void;
}

export interface Mapped {
  readonly memory: SharedMemory;
  /** Safe to call twice. */
  unmap(): void;
}

export interface Grants {
  share(
    domid: number,
    pages: number,
    options: { readonly writable: boolean; readonly onUnmap?: UnmapNotify },
  ): Shared;
  /** Throws a XenscopeError `notOurs` when a reference is not for us, was ended, or may not be written. */
  map(
    domid: number,
    grefs: readonly number[],
    access: 'read' | 'write',
    options?: { readonly onUnmap?: UnmapNotify },
  ): Mapped;
}
