/**
 * The text in which octets are edited: lines of `offset: pairs  | characters`. Only the pairs
 * count when it is read back, so lines may be added, joined and broken at will.
 */
import { failures } from '../errors';
import { countOf, hexPair } from '../values';

const octetsPerLine = 16;

export function formatHexDump(path: string, octets: Uint8Array): string {
  const lines = [
    `# Value of ${path}: ${countOf(octets.length, 'byte')}.`,
    '# Edit the pairs; offsets, what stands after “|”, and lines that begin with “#” are not read.',
  ];
  return `${[...lines, ...hexLines(octets)].join('\n')}\n`;
}

export function hexLines(octets: Uint8Array): string[] {
  const perLine = Math.min(octetsPerLine, octets.length);
  const lines: string[] = [];
  for (let offset = 0; offset < octets.length; offset += octetsPerLine) {
    lines.push(hexLine(offset, octets.subarray(offset, offset + octetsPerLine), perLine));
  }
  return lines;
}

function hexLine(offset: number, octets: Uint8Array, perLine: number): string {
  const pairs = Array.from(octets, hexPair)
    .join(' ')
    .padEnd(perLine * 3 - 1);
  const characters = Array.from(octets, (octet) =>
    octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '.',
  ).join('');
  return `${offset.toString(16).padStart(4, '0')}: ${pairs}  | ${characters}`;
}

/** Throws a Failure that names the first line that cannot be read. */
export function parseHexDump(text: string): Uint8Array {
  const octets: number[] = [];
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (line.trimStart().startsWith('#')) continue;
    const pairs = line.replace(/\|.*$/, '').replace(/^\s*[0-9a-f]+:/i, '');
    for (const token of pairs.split(/\s+/).filter((part) => part !== '')) {
      if (!/^(?:[0-9a-f]{2})+$/i.test(token)) throw failures.badHex(index + 1, token);
      for (const pair of token.match(/../g)!) octets.push(parseInt(pair, 16));
    }
  }
  return Uint8Array.from(octets);
}
