/**
 * Values as text and back. The escapes are those of the xenstore-* programs, so that both outputs
 * can be compared: \t \n \r \\, three octal digits below 8, two hexadecimal ones elsewhere.
 */
import { escapeAsXenstoreLs as escapeValue } from '../model/preview';

export { escapeValue };

/** A path or name to print: a foreign store may put anything there, even what steers a terminal. */
export function escapePath(path: string): string {
  return escapeValue(Buffer.from(path, 'latin1'));
}

const escapes: Record<string, number> = { t: 9, n: 10, r: 13, '\\': 92 };

/** The octets that an escaped text stands for; other characters are taken as UTF-8. */
export function unescapeValue(text: string): Buffer {
  const parts: Buffer[] = [];
  // A backslash that starts no escape stands for itself.
  const pattern = /\\(?:([tnr\\])|x([0-9a-fA-F]{1,2})|([0-3]?[0-7]{1,2}))|[^\\]+|\\/g;
  for (const [whole, letter, hex, octal] of text.matchAll(pattern)) {
    if (letter !== undefined) parts.push(Buffer.from([escapes[letter]!]));
    else if (hex !== undefined) parts.push(Buffer.from([parseInt(hex, 16)]));
    else if (octal !== undefined) parts.push(Buffer.from([parseInt(octal, 8)]));
    else parts.push(Buffer.from(whole, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** For JSON: text where the octets are UTF-8, else base64 under another name. */
export function jsonValue(value: Buffer): { value: string } | { valueBase64: string } {
  const text = value.toString('utf8');
  return Buffer.from(text, 'utf8').equals(value)
    ? { value: text }
    : { valueBase64: value.toString('base64') };
}
