/** Pages that live in this process only, on any platform. */
import { XenscopeError } from '../host/errors';
import { PAGE_BYTES } from '../host/pages';
import type { PagePool, SharedPages } from '../host/pages';

/** 256 MiB: far more than the rings of a world need, far less than a machine has. */
const maxProcessPages = 65_536;

export interface ProcessPagesOptions {
  /** How many pages may be out at once. */
  readonly maxPages?: number;
}

export function openProcessPages({ maxPages = maxProcessPages }: ProcessPagesOptions = {}): PagePool {
  let out = 0;
  return {
    isShared: false,
    allocate(pages: number): SharedPages {
      if (!Number.isInteger(pages) || pages < 1) throw new RangeError(`${pages} is no number of pages`);
      if (out + pages > maxPages) {
        throw new XenscopeError('limit', `All ${maxPages} pages of this host are in use.`, {
          wayOut: 'End guests or shares that are no longer needed.',
        });
      }
      out += pages;
      let freed = false;
      const buffer = new SharedArrayBuffer(pages * PAGE_BYTES);
      return {
        pages,
        buffer,
        path: undefined,
        // Memory of this process cannot be protected from it; who looks uses a memory that refuses to write.
        readOnly: () => ({ buffer, close: () => undefined }),
        free() {
          if (freed) return;
          freed = true;
          out -= pages;
        },
      };
    },
    // The buffers go when nobody holds them any more.
    close: () => undefined,
  };
}
