/** What can be taken back: a bounded list, the oldest forgotten first. */
import type { Done } from './edit';

export const maxUndoEntries = 50;
/** Nodes kept over all entries, each with its value and permissions. */
export const maxUndoNodes = 50_000;

export interface UndoEntry {
  /** Nodes that the entry keeps. */
  readonly nodes: number;
  run(): Promise<Done>;
}

export class UndoList {
  readonly #entries = new Map<number, UndoEntry>();
  #lastId = 0;
  #nodes = 0;

  add(entry: UndoEntry): number {
    const id = ++this.#lastId;
    this.#entries.set(id, entry);
    this.#nodes += entry.nodes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= maxUndoEntries && this.#nodes <= maxUndoNodes) break;
      this.drop(oldest);
    }
    return id;
  }

  get(id: number): UndoEntry | undefined {
    return this.#entries.get(id);
  }

  drop(id: number): void {
    this.#nodes -= this.#entries.get(id)?.nodes ?? 0;
    this.#entries.delete(id);
  }
}
