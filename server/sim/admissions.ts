/** What reached a world from outside, in the order in which it was admitted. */
import type { Admission } from '../host/worldControl';

/** Older ones are dropped; their numbers are missing at the beginning of the list. */
export const maxAdmissions = 10_000;
/** Of one entry; a longer request is cut, and says so. */
const maxTextChars = 9000;

export class Admissions {
  readonly #list: Admission[] = [];
  readonly #now: () => Pick<Admission, 'afterMove' | 'atMs'>;
  #count = 0;

  constructor(now: () => Pick<Admission, 'afterMove' | 'atMs'>) {
    this.#now = now;
  }

  /** Oldest first. */
  get list(): readonly Admission[] {
    return this.#list;
  }

  add(kind: Admission['kind'], text: string): void {
    const short = text.length > maxTextChars ? `${text.slice(0, maxTextChars)}… (cut)` : text;
    this.#list.push({ number: ++this.#count, ...this.#now(), kind, text: short });
    // Seldom, because it moves all of them.
    if (this.#list.length > maxAdmissions * 1.1) this.#list.splice(0, this.#list.length - maxAdmissions);
  }
}
