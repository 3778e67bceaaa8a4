/** What every host checks of a byte that is to be cleared when memory is unmapped. */
import { XenscopeError } from './errors';
import { PAGE_BYTES } from './pages';

/** Throws a RangeError where it lies outside `pages`, and a XenscopeError where it may not be written. */
export function mustBeClearable(offset: number, pages: number, access: 'read' | 'write'): void {
  if (!Number.isInteger(offset) || offset < 0 || offset >= pages * PAGE_BYTES) {
    throw new RangeError(`byte ${offset} lies outside ${pages} pages`);
  }
  if (access === 'read') {
    throw new XenscopeError('input', 'A byte cannot be cleared in memory that is mapped for reading.', {
      wayOut: 'Map it for writing, or only ask for a signal.',
    });
  }
}
