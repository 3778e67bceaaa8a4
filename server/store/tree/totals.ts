/**
 * What lies in a subtree, kept up to date along the path of each change. So a subtree of any size is
 * taken out of the accounts without visiting its nodes.
 */

/** What a subtree tells of itself. */
export interface Subtree {
  readonly nodeCount: number;
  /** Roughly the memory that it takes (weight.ts). */
  readonly heldBytes: number;
  /** Which domains access lists in it name, as PermList says it; some of them may be gone from it. */
  readonly mentions: number;
  /** The one domain that owns all of it; null when there are several, or were. */
  readonly soleOwner: number | null;
}

/** The sums over the children of a node. */
export class Totals {
  private constructor(
    readonly nodeCount: number,
    readonly heldBytes: number,
    readonly mentions: number,
    /** Undefined without children. */
    readonly soleOwner: number | null | undefined,
  ) {}

  static readonly none = new Totals(0, 0, 0, undefined);

  plus({ nodeCount, heldBytes, mentions, soleOwner }: Subtree): Totals {
    const owner = this.soleOwner === undefined || this.soleOwner === soleOwner ? soleOwner : null;
    return new Totals(
      this.nodeCount + nodeCount,
      this.heldBytes + heldBytes,
      this.mentions | mentions,
      owner,
    );
  }

  minus({ nodeCount, heldBytes }: Subtree): Totals {
    if (this.nodeCount === nodeCount) return Totals.none;
    return new Totals(this.nodeCount - nodeCount, this.heldBytes - heldBytes, this.mentions, this.soleOwner);
  }

  replaced(old: Subtree, by: Subtree): Totals {
    const nodeCount = by.nodeCount - old.nodeCount;
    const heldBytes = by.heldBytes - old.heldBytes;
    // Most writes replace a value by one of the same length.
    const isNoneNew = (by.mentions & ~this.mentions) === 0;
    if (nodeCount === 0 && heldBytes === 0 && isNoneNew && by.soleOwner === this.soleOwner) return this;
    return this.minus(old).plus(by);
  }
}
