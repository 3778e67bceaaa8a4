/** What a person typed, as bytes to be sent; or one sentence about what is wrong with it. */

export type InputMode = 'text' | 'hex';

/** What is put behind a text; with `crlf` all of its lines end so, as those of HTTP do. */
const lineEnds = { none: '', lf: '\n', crlf: '\r\n', nul: '\0' } as const;
export type LineEnd = keyof typeof lineEnds;

/** As much as is typed or pasted; what is longer is a file. */
export const maxTypedBytes = 1024 * 1024;

export type Input =
  { readonly bytes: Uint8Array<ArrayBuffer>; readonly problem?: undefined } | { readonly problem: string };

export function parseInput(text: string, mode: InputMode, lineEnd: LineEnd): Input {
  const input = mode === 'hex' ? parseHex(text) : { bytes: encode(text, lineEnd) };
  if (input.problem !== undefined || input.bytes.length <= maxTypedBytes) return input;
  return { problem: `These are ${input.bytes.length} bytes; send more than ${maxTypedBytes} as a file.` };
}

function encode(text: string, lineEnd: LineEnd): Uint8Array<ArrayBuffer> {
  const lines = lineEnd === 'crlf' ? text.replace(/\r?\n/g, '\r\n') : text;
  return new TextEncoder().encode(lines + lineEnds[lineEnd]);
}

/** Pairs of digits, with blanks, commas, colons or dashes between them or nothing, each with or without `0x`. */
export function parseHex(text: string): Input {
  const bytes: number[] = [];
  for (const word of text.split(/[\s,:-]+/).filter((part) => part !== '')) {
    const digits = word.replace(/^0x/i, '');
    const wrong = [...digits].find((character) => !/[0-9a-f]/i.test(character));
    if (wrong !== undefined) {
      return {
        problem: `“${wrong}” in “${shorten(word)}” is no hexadecimal digit: write bytes as 48 65 or 0x48.`,
      };
    }
    if (digits.length % 2 === 1) {
      return { problem: `“${shorten(word)}” has an odd number of digits: write each byte with two, as 0a.` };
    }
    if (digits === '') return { problem: `“${shorten(word)}” has no digits: write bytes as 48 65 or 0x48.` };
    for (const pair of digits.match(/../g)!) bytes.push(parseInt(pair, 16));
  }
  return { bytes: Uint8Array.from(bytes) };
}

/** What was sent before, to be had again; the oldest is forgotten first. */
export class History {
  private readonly texts: string[] = [];
  private at = 0;

  static readonly maxTexts = 50;

  add(text: string): void {
    if (this.texts.at(-1) !== text) this.texts.push(text);
    if (this.texts.length > History.maxTexts) this.texts.shift();
    this.at = this.texts.length;
  }

  /** -1: the one before; 1: the one after. Undefined where there is none. */
  move(by: -1 | 1): string | undefined {
    const next = this.at + by;
    if (next < 0 || next > this.texts.length) return undefined;
    this.at = next;
    return this.texts[next] ?? '';
  }
}

function shorten(word: string): string {
  return word.length > 20 ? `${word.slice(0, 19)}…` : word;
}
