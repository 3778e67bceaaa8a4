/** The bytes of a slot, parted by the fields that they are. */
import type { ComposerLayouts, ComposerSlotField } from '../../server/rpc/api';
import { parseHex } from '../console/input';

const slotBytes = 64;

export interface SlotPart {
  readonly offsetBytes: number;
  /** Absent: no field has these bytes. */
  readonly field?: ComposerSlotField;
  /** Pairs of digits. */
  readonly hex: string;
  /** The number, or the address; absent where the bytes say it already, or no field has them. */
  readonly value?: string;
}

/** The whole slot in its order. Fields that reach beyond it are left out: it may be shorter than what it is taken for. */
export function partsOf(slot: string, fields: readonly ComposerSlotField[]): readonly SlotPart[] {
  const input = parseHex(slot);
  if (input.problem !== undefined) return [];
  const { bytes } = input;
  const parts: SlotPart[] = [];
  let at = 0;
  const gap = (end: number) => {
    if (end > at) parts.push({ offsetBytes: at, hex: hexOf(bytes.subarray(at, end)) });
  };
  for (const field of [...fields].sort((one, other) => one.offsetBytes - other.offsetBytes)) {
    const end = field.offsetBytes + field.widthBytes;
    if (field.offsetBytes < at || end > bytes.length) continue;
    gap(field.offsetBytes);
    const own = bytes.subarray(field.offsetBytes, end);
    const value = valueOf(own, field);
    parts.push({
      offsetBytes: field.offsetBytes,
      field,
      hex: hexOf(own),
      ...(value !== undefined && { value }),
    });
    at = end;
  }
  gap(bytes.length);
  return parts;
}

/** Which fields a request has, by the number of its command. */
export function requestFields(slot: string, { requests }: ComposerLayouts): readonly ComposerSlotField[] {
  const input = parseHex(slot);
  const bytes = input.problem === undefined ? input.bytes : new Uint8Array();
  const number = bytes.length < 8 ? -1 : new DataView(bytes.buffer).getUint32(4, true);
  // Whatever is asked for, the number of the request and of the command come first.
  return requests[number] ?? (requests[0] ?? []).filter(({ offsetBytes }) => offsetBytes < 8);
}

/** `61 of 64 bytes; the rest is zero`. */
export function countText(slot: string): string {
  const input = parseHex(slot);
  if (input.problem !== undefined) return '';
  const { length } = input.bytes;
  if (length === slotBytes) return '64 of 64 bytes.';
  if (length > slotBytes) return `${length} bytes: a slot has ${slotBytes}.`;
  return `${length} of ${slotBytes} bytes; the rest is filled up with zeros.`;
}

/** Eight pairs in a group, sixteen in a line: as it is edited. */
export function editable(slot: string): string {
  const input = parseHex(slot);
  if (input.problem !== undefined) return slot;
  const lines: string[] = [];
  for (let at = 0; at < input.bytes.length; at += 16) {
    const line = input.bytes.subarray(at, at + 16);
    lines.push([line.subarray(0, 8), line.subarray(8)].map(hexOf).join('  ').trim());
  }
  return lines.join('\n');
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function valueOf(bytes: Uint8Array, { as }: ComposerSlotField): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (as === 'sockaddr') return sockaddrText(view);
  switch (bytes.length) {
    case 1:
      return String(view.getUint8(0));
    case 4:
      return String(as === 'signed' ? view.getInt32(0, true) : view.getUint32(0, true));
    case 8:
      return String(view.getBigUint64(0, true));
    default:
      return undefined;
  }
}

/** The family stands in the order of the machine, port and number in that of the network. */
function sockaddrText(view: DataView): string {
  const family = view.getUint16(0, true);
  if (family !== 2) return `family ${family}`;
  const host = [4, 5, 6, 7].map((at) => view.getUint8(at)).join('.');
  return `${host}:${view.getUint16(2)}`;
}
