/** The lines of a composer: requests and what became of them. The last of them are kept, and all that wait for an answer. */
import type { ComposerEntry } from './plan';

export const maxEntries = 200;

export class ComposerHistory {
  readonly #entries = new Map<number, ComposerEntry>();
  readonly #changed = new Set<number>();
  #last = 0;
  #forgotten = 0;

  get forgotten(): number {
    return this.#forgotten;
  }

  get all(): readonly ComposerEntry[] {
    return [...this.#entries.values()];
  }

  add(entry: Omit<ComposerEntry, 'number'>): number {
    const number = ++this.#last;
    this.#entries.set(number, { number, ...entry });
    this.#changed.add(number);
    if (this.#entries.size > maxEntries) this.#forgetOldest();
    return number;
  }

  get(number: number): ComposerEntry | undefined {
    return this.#entries.get(number);
  }

  update(number: number, what: Partial<Omit<ComposerEntry, 'number'>>): void {
    const entry = this.#entries.get(number);
    if (!entry) return;
    this.#entries.set(number, { ...entry, ...what });
    this.#changed.add(number);
  }

  /** Lines that are new or have changed since this was asked last. */
  takeChanged(): readonly ComposerEntry[] {
    const changed = [...this.#changed].sort((a, b) => a - b).map((number) => this.#entries.get(number)!);
    this.#changed.clear();
    return changed;
  }

  get hasChanged(): boolean {
    return this.#changed.size > 0;
  }

  #forgetOldest(): void {
    for (const { number, phase } of this.#entries.values()) {
      if (phase === 'sent' || phase === 'waiting') continue;
      this.#entries.delete(number);
      this.#changed.delete(number);
      this.#forgotten++;
      return;
    }
  }
}
