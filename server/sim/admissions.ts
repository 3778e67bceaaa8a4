/** What reached a world from outside, in the order in which it was admitted. */
import type { Admission } from '../host/worldControl';

/** Older ones are dropped; their numbers are missing at the beginning of the list. */
export const maxAdmissions = 10_000;
export const maxAdmissionChars = 8 * 1024 * 1024;
/** Of one entry; a longer request is cut, and says so. */
const maxTextChars = 9000;

export class Admissions {
  readonly #list: Admission[] = [];
  readonly #now: () => Pick<Admission, 'afterMove' | 'atMs'>;
  readonly #listeners = new Set<(admission: Admission) => void>();
  #count = 0;
  #chars = 0;
  /** How many steps the last entry stands for. */
  #steps = 0;

  constructor(now: () => Pick<Admission, 'afterMove' | 'atMs'>) {
    this.#now = now;
  }

  /** Oldest first. */
  get list(): readonly Admission[] {
    return this.#list;
  }

  /** As WorldControl.onAdmission. */
  listen(listener: (admission: Admission) => void): () => void {
    const entry = (admission: Admission) => listener(admission);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** Steps come by the thousand: those that follow each other are one entry with their number. */
  addStep(): void {
    const last = this.#list.at(-1);
    const isFurther = this.#steps > 0 && last?.number === this.#count;
    this.#steps++;
    if (!isFurther) return this.#append('hold', 'step');
    const text = `step, ${this.#steps} times`;
    this.#chars += text.length - last.text.length;
    this.#list[this.#list.length - 1] = { ...last, text };
  }

  add(kind: Admission['kind'], text: string): void {
    const last = this.#list.at(-1);
    if (this.#steps > 1 && last) this.#tell(last);
    this.#steps = 0;
    this.#append(kind, text);
  }

  #append(kind: Admission['kind'], text: string): void {
    const short = text.length > maxTextChars ? `${text.slice(0, maxTextChars)}… (cut)` : text;
    const admission = { number: ++this.#count, ...this.#now(), kind, text: short };
    this.#list.push(admission);
    this.#chars += short.length;
    this.#tell(admission);
    // Several at once, because it moves all that stay.
    if (this.#list.length > maxAdmissions * 1.1 || this.#chars > maxAdmissionChars) this.#drop();
  }

  #tell(admission: Admission): void {
    for (const listener of this.#listeners) listener(admission);
  }

  #drop(): void {
    let count = Math.max(this.#list.length - maxAdmissions, 0);
    let chars = this.#list.slice(0, count).reduce((sum, { text }) => sum + text.length, 0);
    while (this.#chars - chars > maxAdmissionChars * 0.9) chars += this.#list[count++]!.text.length;
    this.#list.splice(0, count);
    this.#chars -= chars;
  }
}
