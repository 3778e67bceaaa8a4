/** Standard output in large pieces, held back while its reader is slow. */
import { once } from 'node:events';

const PIECE_CHARACTERS = 64 * 1024;

export class Output {
  #text = '';

  async line(text: string): Promise<void> {
    this.#text += `${text}\n`;
    if (this.#text.length >= PIECE_CHARACTERS) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text !== '') await writeOut(text);
  }
}

/** Waits while the reader is slow. Rejects with an AbortError when the signal is aborted first; the bytes stay under way. */
export async function writeOut(bytes: string | Uint8Array, signal?: AbortSignal): Promise<void> {
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain', { signal });
}

/** Resolves when all that was written has been taken, or will never be: its reader has left. */
export function outputTaken(): Promise<void> {
  if (process.stdout.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => process.stdout.write('', () => resolve()));
}
