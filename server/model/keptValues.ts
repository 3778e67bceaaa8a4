/** Values seen last, to tell the one before; bounded in number and in bytes, and what was seen longest ago is forgotten first. */
import { isAtOrBelow } from '../wire/xsPath';

export interface KeptValuesBounds {
  readonly maxValues: number;
  readonly maxBytes: number;
}

export class KeptValues {
  readonly #bounds: KeptValuesBounds;
  /** Undefined for a node that was seen not to exist. */
  readonly #values = new Map<string, Buffer | undefined>();
  #bytes = 0;

  constructor(bounds: KeptValuesBounds) {
    this.#bounds = bounds;
  }

  has(path: string): boolean {
    return this.#values.has(path);
  }

  get(path: string): Buffer | undefined {
    return this.#values.get(path);
  }

  clear(): void {
    this.#values.clear();
    this.#bytes = 0;
  }

  /** What is kept now, for a comparison with what comes. */
  copy(): ReadonlyMap<string, Buffer | undefined> {
    return new Map(this.#values);
  }

  [Symbol.iterator](): Iterator<[string, Buffer | undefined]> {
    return this.#values[Symbol.iterator]();
  }

  /** False when another value had to be forgotten for it. */
  keep(path: string, value: Buffer | undefined): boolean {
    // With a node go all below it, and only the topmost has an event.
    if (value === undefined) this.#forgetBelow(path);
    this.#forget(path);
    this.#values.set(path, value);
    this.#bytes += bytesOf(path, value);
    return !this.#forgetOldest();
  }

  #forgetBelow(path: string): void {
    for (const known of [...this.#values.keys()]) if (isAtOrBelow(known, path)) this.#forget(known);
  }

  #forgetOldest(): boolean {
    let forgot = false;
    for (const path of this.#values.keys()) {
      if (this.#values.size <= this.#bounds.maxValues && this.#bytes <= this.#bounds.maxBytes) break;
      this.#forget(path);
      forgot = true;
    }
    return forgot;
  }

  #forget(path: string): void {
    if (!this.#values.has(path)) return;
    this.#bytes -= bytesOf(path, this.#values.get(path));
    this.#values.delete(path);
  }
}

function bytesOf(path: string, value: Buffer | undefined): number {
  return path.length + (value?.length ?? 0);
}
