/**
 * Addresses for pages that have none in common: each page gets a place of its own in a made-up
 * space of 64 bits, the domain in the upper 16 bits, which page it is in the next 16, so that
 * arithmetic on addresses stays within a page. Inside they are bigint, outside hexadecimal strings.
 */
import type { ObservedPage, Observer } from '../host/observer';
import { PAGE_BYTES } from '../host/pages';

const pageNumbers = { xenstore: 1n, console: 2n };
/** From these on by their grants: a domain has many. Of a ring of several pages the first has an address. */
const firstVchanNumber = 0x8000;
const firstDeviceNumber = 0x4000;

/** Where the page begins. */
export function pageAddress(page: AddressedPage): bigint {
  return (BigInt(page.domid) << 48n) | (pageNumber(page) << 32n);
}

type AddressedPage = Pick<ObservedPage, 'domid' | 'kind' | 'gref' | 'device'>;

function pageNumber({ kind, gref = 0, device }: AddressedPage): bigint {
  switch (kind) {
    case 'vchan':
      return BigInt(firstVchanNumber | (gref & (firstVchanNumber - 1)));
    case 'device':
      return BigInt(firstDeviceNumber | ((device?.grefs[0] ?? 0) & (firstDeviceNumber - 1)));
    default:
      return pageNumbers[kind];
  }
}

/** `0x0003000100000800`. */
export function addressText(address: bigint): string {
  return `0x${BigInt.asUintN(64, address).toString(16).padStart(16, '0')}`;
}

/** Undefined when it is no address. */
export function parseAddress(text: string): bigint | undefined {
  return /^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(text) ? BigInt.asUintN(64, BigInt(text)) : undefined;
}

export interface MemoryRead {
  readonly address: bigint;
  readonly bytes: Buffer;
  /** How many of the wanted bytes there are none for, behind the last one. */
  readonly unreadableBytes: number;
}

/** As much as can be read of `count` bytes from `address` on; nothing where there is no page. */
export function readMemory(observer: Observer | undefined, address: bigint, count: number): MemoryRead {
  const nothing = { address, bytes: Buffer.alloc(0), unreadableBytes: count };
  const page = observer?.pages().find((candidate) => holds(candidate, address));
  const copy = Buffer.alloc(PAGE_BYTES);
  if (!page?.copy(copy)) return nothing;
  const start = Number(address - pageAddress(page));
  const bytes = copy.subarray(start, Math.min(start + count, PAGE_BYTES));
  return { address, bytes, unreadableBytes: count - bytes.length };
}

function holds(page: ObservedPage, address: bigint): boolean {
  const start = pageAddress(page);
  return address >= start && address < start + BigInt(PAGE_BYTES);
}
