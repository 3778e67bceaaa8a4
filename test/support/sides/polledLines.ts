/** The lines that somebody appends to a file, waited for without giving way: whoever wants one has nothing else to do. */
import { openSync, readSync } from 'node:fs';

const lookEveryMs = 2;
/** Who has waited for long looks less often: each look takes time from whoever is to write. */
const lookAtLeastEveryMs = 100;
const patienceMs = 120_000;

export class PolledLines {
  readonly #fd: number;
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  readonly #bytes = Buffer.alloc(65_536);
  #offset: number;
  #text = '';

  /** From `offset` on. The file need not be there for longer than this call. */
  constructor(file: string, offset = 0) {
    this.#fd = openSync(file, 'r');
    this.#offset = offset;
  }

  /** Without its end. `mustGoOn` throws when nobody will write any more. */
  next(mustGoOn: () => void): string {
    let restMs = lookEveryMs;
    for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += restMs) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end).replace(/\r$/, '');
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#read()) continue;
      mustGoOn();
      restMs = Math.min(lookAtLeastEveryMs, Math.max(lookEveryMs, Math.ceil(waitedMs / 10)));
      Atomics.wait(this.#sleeper, 0, 0, restMs);
    }
    throw new Error(`Nothing was said within ${patienceMs / 1000} s.`);
  }

  #read(): boolean {
    const bytes = this.#bytes;
    const count = readSync(this.#fd, bytes, 0, bytes.length, this.#offset);
    this.#offset += count;
    this.#text += bytes.toString('latin1', 0, count);
    return count > 0;
  }
}
