/** The page as a hex dump whose bytes carry the colours of the picture. */
import type { RingFrame } from '../../server/rpc/api';
import { isReadable } from './numbers';

export const bytesPerRow = 16;

/**
 * `queued0`, `queued1`: waiting in the first or second direction; `old`: consumed already, or never
 * used; `word`: an index or state word; `none`: means nothing.
 */
export type Shade = 'queued0' | 'queued1' | 'old' | 'word' | 'none';

export interface HexRun {
  readonly shade: Shade;
  readonly hex: string;
  readonly text: string;
}

export interface HexRow {
  readonly offset: number;
  readonly runs: readonly HexRun[];
  /** The words that begin in this row. */
  readonly note: string;
}

const slotShades: Readonly<Record<RingFrame['segments'][number]['role'], Shade>> = {
  queued: 'queued0',
  consumed: 'old',
  index: 'word',
  state: 'word',
  unused: 'none',
};

/** What each byte of the page is. */
export function shadesOf({ row, words, segments }: RingFrame, bytes: number): Shade[] {
  const shades = new Array<Shade>(bytes).fill('none');
  // Which slots are in flight the server has told.
  if (row.slots) for (const { start, end, role } of segments) shades.fill(slotShades[role], start, end);
  for (const [index, direction] of row.directions.entries()) {
    const { offsetBytes, sizeBytes, cons, usedBytes } = direction;
    shades.fill('old', offsetBytes, offsetBytes + sizeBytes);
    if (!isReadable(direction)) continue;
    const queued: Shade = index === 0 ? 'queued0' : 'queued1';
    for (let byte = 0; byte < Math.min(usedBytes, sizeBytes); byte++) {
      shades[offsetBytes + ((cons + byte) % sizeBytes)] = queued;
    }
  }
  for (const { offsetBytes, widthBytes } of words) shades.fill('word', offsetBytes, offsetBytes + widthBytes);
  return shades;
}

export function hexRows(frame: RingFrame, page: Uint8Array): HexRow[] {
  const shades = shadesOf(frame, page.length);
  const rows: HexRow[] = [];
  for (let offset = 0; offset < page.length; offset += bytesPerRow) {
    const end = Math.min(offset + bytesPerRow, page.length);
    const note = frame.words
      .filter(({ offsetBytes }) => offsetBytes >= offset && offsetBytes < end)
      .map(({ name }) => name)
      .join(', ');
    rows.push({ offset, runs: runsOf(page, shades, offset, end), note });
  }
  return rows;
}

function runsOf(page: Uint8Array, shades: readonly Shade[], start: number, end: number): HexRun[] {
  const runs: HexRun[] = [];
  for (let at = start; at < end;) {
    const shade = shades[at]!;
    let hex = '';
    let text = '';
    for (; at < end && shades[at] === shade; at++) {
      const byte = page[at]!;
      hex += `${byte.toString(16).padStart(2, '0')} `;
      text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
    }
    runs.push({ shade, hex, text });
  }
  return runs;
}
