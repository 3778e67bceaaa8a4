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

export async function writeOut(bytes: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
}
