/** What the events since the last batch make worth reading again. */
import { parentPath } from '../wire/xsPath';
import type { Directory, Observed } from './observed';

/** Above this, reading row by row costs more than asking for everything anew. */
export const maxDirtyRows = 5_000;
const maxSeenPaths = 20_000;

export class Dirt {
  /** Rows; true when the event was the row's own, not one of a node below it. */
  readonly rows = new Map<string, boolean>();
  /** Directories of which the list of children is to be compared. */
  readonly lists = new Set<string>();
  /** Directories whose change of list was seen already, while a page was read. */
  readonly changed = new Set<string>();
  /** Too much to tell: everything is to be asked for anew. */
  all = false;
  /** Whatever is observed at or below these may be gone. */
  readonly #subtrees = new Set<string>();
  /** Event paths that were looked at already. */
  readonly #seen = new Set<string>();

  get isEmpty(): boolean {
    const { all, rows, lists, changed } = this;
    return !all && rows.size + lists.size + changed.size + this.#subtrees.size === 0;
  }

  /** What is observed or known is other than before: an event that said nothing may say something now. */
  lookAgain(): void {
    this.#seen.clear();
  }

  onPath(path: string, observed: Observed): void {
    if (this.#seen.has(path)) return;
    // The set only saves work: forgetting it loses nothing.
    if (this.#seen.size >= maxSeenPaths) this.#seen.clear();
    this.#seen.add(path);
    if (this.all || observed.isEmpty) return;
    // Written, created or removed: its own children, and all that is observed below, may be others.
    if (observed.concerns(path)) this.#subtrees.add(path);
    // A node that is created creates its missing parents without an event of their own, so each
    // part of the path may be new, and may have got its first or lost its last child.
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const slash = path.lastIndexOf('/', end - 1);
      const directory = observed.get(slash === 0 ? '/' : path.slice(0, slash));
      if (directory) this.#onChild(directory, path, slash, end);
    }
    if (this.rows.size > maxDirtyRows) this.all = true;
  }

  /** The lists to compare, those of removed subtrees among them. */
  listsAmong(observed: Observed): string[] {
    const lists = new Set(this.lists);
    if (this.#subtrees.size > 0) {
      for (const path of observed.paths) if (isAtOrBelowAny(path, this.#subtrees)) lists.add(path);
    }
    return [...lists];
  }

  /** `path` up to `end` names a child of `directory`, and `path` itself or something below it had an event. */
  #onChild(directory: Directory, path: string, slash: number, end: number): void {
    const name = path.slice(slash + 1, end);
    const own = end === path.length;
    if (directory.shown.has(name)) {
      const row = path.slice(0, end);
      this.rows.set(row, own || this.rows.get(row) === true);
    } else if (own || directory.listings > 0 || !directory.known.has(name)) {
      this.lists.add(slash === 0 ? '/' : path.slice(0, slash));
    }
  }
}

function isAtOrBelowAny(path: string, ancestors: ReadonlySet<string>): boolean {
  for (let at: string | undefined = path; at !== undefined; at = parentPath(at)) {
    if (ancestors.has(at)) return true;
  }
  return false;
}
