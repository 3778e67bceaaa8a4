/** Addresses of PV Calls: `struct sockaddr_in` in 28 bytes, of which a length says how many count. */
import { PVCALLS_AF_INET } from './commands';
import type { PvCallsErrorName } from './errno';

export const PVCALLS_ADDRESS_BYTES = 28;
/** What a POSIX system has, and Linux sends. */
export const SOCKADDR_IN_BYTES = 16;

export interface Ipv4Address {
  /** Four numbers with dots between them. */
  readonly host: string;
  readonly port: number;
}

export type ParsedAddress =
  | { readonly kind: 'ipv4'; readonly address: Ipv4Address }
  /** `error` is what a backend answers. */
  | { readonly kind: 'bad'; readonly error: PvCallsErrorName; readonly why: string };

/**
 * The address in the field of a request. Any bytes and any length: what cannot be used says why. The family
 * stands in the order of the machine, port and number in that of the network.
 */
export function parsePvCallsAddress(bytes: Uint8Array, lengthBytes: number): ParsedAddress {
  if (lengthBytes < SOCKADDR_IN_BYTES || lengthBytes > PVCALLS_ADDRESS_BYTES) {
    const rule = `${SOCKADDR_IN_BYTES} to ${PVCALLS_ADDRESS_BYTES}`;
    return { kind: 'bad', error: 'EINVAL', why: `an address of ${lengthBytes} bytes, where it has ${rule}` };
  }
  const byte = (at: number) => bytes[at] ?? 0;
  const family = byte(0) | (byte(1) << 8);
  if (family !== PVCALLS_AF_INET) {
    return { kind: 'bad', error: 'EAFNOSUPPORT', why: `an address of family ${family}, which is not IPv4` };
  }
  const host = [4, 5, 6, 7].map(byte).join('.');
  return { kind: 'ipv4', address: { host, port: (byte(2) << 8) | byte(3) } };
}

/** As `parsePvCallsAddress` reads it, with SOCKADDR_IN_BYTES as its length. Throws a RangeError on what is no address. */
export function formatPvCallsAddress({ host, port }: Ipv4Address): Buffer {
  const numbers = parseIpv4(host);
  if (!numbers) throw new RangeError(`${host} is no IPv4 address`);
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) throw new RangeError(`${port} is no port`);
  const bytes = Buffer.alloc(PVCALLS_ADDRESS_BYTES);
  bytes.writeUInt16LE(PVCALLS_AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(numbers, 4);
  return bytes;
}

/** The four numbers of `10.0.0.1`; undefined for anything else. */
export function parseIpv4(host: string): readonly number[] | undefined {
  if (!/^(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}$/.test(host)) return undefined;
  const numbers = host.split('.').map(Number);
  return numbers.every((number) => number <= 0xff) ? numbers : undefined;
}

/** As a person reads it: `127.0.0.1:80`. */
export function addressText({ host, port }: Ipv4Address): string {
  return `${host}:${port}`;
}
