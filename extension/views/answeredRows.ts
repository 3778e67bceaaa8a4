/**
 * What VS Code has of a tree: the rows that it was answered last, and those that it is fetching again. Rows below one
 * that it is told of are fetched anew, which takes a while, and drawn when all of them are there. Whatever else is drawn
 * meanwhile may draw a row that is no more, and that breaks the list for good: rows lie over each other until the window
 * is loaded anew. So it fetches one thing at a time, and is told of a row alone only where the row is surely there
 * (record 28 in docs/decisions).
 */
export interface TellableRows<T> {
  /** Undefined: the whole view. */
  readonly now: readonly T[] | undefined;
  readonly later: readonly T[];
}

/** With more rows to be fetched again, one after the other would take too long: then the whole view is. */
const fetchedOneByOne = 4;

export class AnsweredRows<T> {
  private readonly rowsBelow = new Map<T | undefined, ReadonlySet<T>>();
  private readonly awaited = new Set<T | undefined>();

  constructor(private readonly parentOf: (row: T) => T | undefined) {}

  /** It was told of something, and has not asked for all that is below it yet. */
  get isFetching(): boolean {
    return this.awaited.size > 0;
  }

  /** It has asked what is below a row, or in the whole view (undefined). */
  answered(parent: T | undefined, rows: readonly T[]): void {
    const before = this.rowsBelow.get(parent);
    const now = new Set(rows);
    for (const row of before ?? []) if (!now.has(row)) this.forget(row);
    for (const row of this.awaited) {
      if (row !== undefined && this.parentOf(row) === parent && !now.has(row)) this.awaited.delete(row);
    }
    this.awaited.delete(parent);
    this.rowsBelow.set(parent, now);
  }

  /** Of rows that changed those that it can be told of now; of the others that are there it is told later. */
  tellable(rows: readonly T[]): TellableRows<T> {
    if (!this.rowsBelow.has(undefined)) return { now: undefined, later: [] };
    const all = new Set(rows);
    const isFetchedWith = (row: T | undefined): boolean =>
      row !== undefined && (all.has(row) || isFetchedWith(this.parentOf(row)));
    const there = rows.filter((row) => !isFetchedWith(this.parentOf(row)) && this.isThere(row));
    const fetched = there.filter((row) => this.rowsBelow.has(row));
    if (fetched.length > fetchedOneByOne) return { now: undefined, later: [] };
    const later = fetched.slice(1);
    return { now: there.filter((row) => !later.includes(row)), later };
  }

  /** It is told of a row, or of everything (undefined), and will ask again for what it has below it. */
  told(row: T | undefined): void {
    if (!this.rowsBelow.has(row)) return;
    this.awaited.add(row);
    for (const below of this.rowsBelow.get(row)!) this.told(below);
  }

  has(parent: T): boolean {
    return this.rowsBelow.has(parent);
  }

  /** It does not ask for what is below a row that is folded. */
  folded(row: T): void {
    this.forget(row);
  }

  /** It has not asked: somebody has folded the row, or hidden the view. */
  giveUp(): void {
    for (const row of this.awaited) this.forget(row);
    this.awaited.clear();
  }

  private forget(row: T | undefined): void {
    this.awaited.delete(row);
    const rows = this.rowsBelow.get(row);
    this.rowsBelow.delete(row);
    for (const below of rows ?? []) this.forget(below);
  }

  /** With all that is above it; and not among what is being fetched. */
  private isThere(row: T): boolean {
    const parent = this.parentOf(row);
    if (this.awaited.has(parent) || !this.rowsBelow.get(parent)?.has(row)) return false;
    return parent === undefined || this.isThere(parent);
  }
}
