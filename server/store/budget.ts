/**
 * One account of all memory that clients make the server hold, whatever they hold it by: nodes,
 * watches or transactions. Limits of each kind would have to be small to be safe together; one for
 * all may be used up by any.
 */
import { limits } from './quotas';

export class Budget {
  /** Nodes with their values, names and access lists. */
  treeBytes = 0;
  watchBytes = 0;
  transactionBytes = 0;

  /** Whether that much more may be held. What needs no more always may. */
  fits(bytes: number): boolean {
    const heldBytes = this.treeBytes + this.watchBytes + this.transactionBytes;
    return bytes <= 0 || heldBytes + bytes <= limits.maxHeldBytes;
  }

  /** Whether nodes may weigh that much more. */
  treeFits(bytes: number): boolean {
    return bytes <= 0 || (this.treeBytes + bytes <= limits.maxTreeBytes && this.fits(bytes));
  }
}
