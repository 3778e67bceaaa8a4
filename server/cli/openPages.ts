/** The best pages that this process can get for a simulated host. */
import { openFilePages } from '../../native/pages';
import { XenscopeError } from '../host/errors';
import type { PagePool } from '../host/pages';
import { openProcessPages } from '../sim/pages';

/** Files that other processes can map, or else memory of this process; `log` hears why. */
export function openPages(log: (line: string) => void): PagePool {
  try {
    return openFilePages();
  } catch (error) {
    if (!(error instanceof XenscopeError)) throw error;
    log(`Shared pages stay within this process: ${error.message}`);
    return openProcessPages();
  }
}
