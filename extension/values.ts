/** Values are octets; here they become something to read and to edit, and octets again. */
import type { Base64 } from '../server/rpc/api';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function octetsOf(value: Base64): Uint8Array {
  return Buffer.from(value, 'base64');
}

export function base64Of(octets: Uint8Array): Base64 {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64');
}

export function base64OfText(text: string): Base64 {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** The value as text that becomes the same octets again; undefined when it holds something else. */
export function textOf(octets: Uint8Array): string | undefined {
  try {
    const text = strictUtf8.decode(octets);
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufeff]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** How a value is best edited: in a line, as a text, or octet by octet. */
export function editKind(octets: Uint8Array): 'line' | 'text' | 'octets' {
  const text = textOf(octets);
  if (text === undefined) return 'octets';
  return /[\r\n\t]/.test(text) || text.length > 200 ? 'text' : 'line';
}

/** One line to read: other octets as \xNN, shortened with an ellipsis. */
export function printable(octets: Uint8Array, maxCharacters = 120): string {
  const text = textOf(octets);
  let line = '';
  if (text !== undefined) {
    line = text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t');
  } else {
    for (const octet of octets.subarray(0, maxCharacters + 1)) {
      line += octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\x${hexPair(octet)}`;
    }
  }
  return line.length > maxCharacters ? `${line.slice(0, maxCharacters)}…` : line;
}

export function hexPair(octet: number): string {
  return octet.toString(16).padStart(2, '0');
}

/** `1 byte`, `12 bytes`, `1,024 bytes`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
