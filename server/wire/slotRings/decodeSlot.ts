/** One slot of a ring as names and values. Its bytes are foreign: any value of any field can be told. */
import type { SlotField, SlotLayout, SlotLayouts } from './slotRing';

export interface SlotValue {
  readonly name: string;
  /** As a person reads it: a number in decimal, bytes in hex, an address. */
  readonly value: string;
  /** What this value is called, where it has a name: `read`, `more data, extra info`. */
  readonly says?: string;
}

export interface DecodedSlot {
  readonly layout: SlotLayout;
  readonly values: readonly SlotValue[];
}

/** `slot` begins with the slot's first byte; what lies beyond its end reads as zero. */
export function decodeSlot(layouts: SlotLayouts, slot: Uint8Array): DecodedSlot {
  const layout = chosen(layouts, slot);
  const counts = new Map<string, number>();
  const values: SlotValue[] = [];
  for (const field of layout.fields) {
    const { element } = field;
    // A hostile count is only compared.
    if (element && element.index >= (counts.get(element.of) ?? 0)) continue;
    if (field.widthBytes <= 4) counts.set(field.name, Number(numberOf(field, slot)));
    values.push(valueOf(field, slot));
  }
  return { layout, values };
}

function chosen({ usual, choice }: SlotLayouts, slot: Uint8Array): SlotLayout {
  if (!choice) return usual;
  const value = Number(unsigned(slot, choice.offsetBytes, choice.widthBytes));
  return choice.of[value] ?? usual;
}

function valueOf(field: SlotField, slot: Uint8Array): SlotValue {
  const { name, as } = field;
  if (as === 'bytes') return { name, value: hexOf(field, slot) };
  if (as === 'sockaddr') return sockaddr(field, slot);
  const number = numberOf(field, slot);
  const says = nameOf(field, Number(number));
  return { name, value: number.toString(), ...(says === undefined ? {} : { says }) };
}

function nameOf({ names, flags }: SlotField, value: number): string | undefined {
  if (names) return names[value];
  if (!flags || value === 0) return undefined;
  const bits = Object.entries(flags);
  const known = bits.filter(([bit]) => (value & Number(bit)) !== 0);
  const rest = bits.reduce((left, [bit]) => left & ~Number(bit), value) >>> 0;
  const said = known.map(([, word]) => word);
  return [...said, ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])].join(', ');
}

function numberOf({ offsetBytes, widthBytes, as }: SlotField, slot: Uint8Array): bigint {
  const value = unsigned(slot, offsetBytes, widthBytes);
  return as === 'signed' ? BigInt.asIntN(8 * widthBytes, value) : value;
}

function unsigned(slot: Uint8Array, offset: number, width: number): bigint {
  let value = 0n;
  for (let at = width - 1; at >= 0; at--) value = (value << 8n) | BigInt(slot[offset + at] ?? 0);
  return value;
}

function bytesOf({ offsetBytes, widthBytes }: SlotField, slot: Uint8Array): Uint8Array {
  return slot.subarray(offsetBytes, offsetBytes + widthBytes);
}

function hexOf(field: SlotField, slot: Uint8Array): string {
  return [...bytesOf(field, slot)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

const AF_INET = 2;

/** A POSIX address: the family as the machine has it, port and number as the network has them. */
function sockaddr(field: SlotField, slot: Uint8Array): SlotValue {
  const { name } = field;
  const bytes = bytesOf(field, slot);
  if (Number(unsigned(bytes, 0, 2)) !== AF_INET) return { name, value: hexOf(field, slot) };
  const port = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  const address = [...bytes.subarray(4, 8)].join('.');
  return { name, value: `${address}:${port}`, says: 'IPv4' };
}
