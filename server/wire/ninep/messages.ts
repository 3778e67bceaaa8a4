/**
 * Messages of 9P2000.u, the file protocol that a 9pfs device carries: `size[4] type[1] tag[2]`, then fields
 * that the type says, all little-endian; a text is `length[2]` and its bytes. Those of which a guest's mount,
 * a walk and a read are made; of others the header is known.
 */

export const NINEP_HEADER_BYTES = 7;
export const NINEP_QID_BYTES = 13;
/** What no message is answered by; Tversion is sent under it. */
export const NINEP_NO_TAG = 0xffff;
export const NINEP_NO_FID = 0xffff_ffff;
export const NINEP_VERSION = '9P2000.u';

export const NinepType = {
  Tversion: 100,
  Rversion: 101,
  Tattach: 104,
  Rattach: 105,
  Rerror: 107,
  Twalk: 110,
  Rwalk: 111,
  Topen: 112,
  Ropen: 113,
  Tread: 116,
  Rread: 117,
  Tclunk: 120,
  Rclunk: 121,
} as const;

export type NinepTypeName = keyof typeof NinepType;

const names = new Map<number, NinepTypeName>(
  (Object.keys(NinepType) as NinepTypeName[]).map((name) => [NinepType[name], name]),
);

export function ninepTypeName(type: number): NinepTypeName | undefined {
  return names.get(type);
}

export interface NinepHeader {
  /** Of the whole message, the header included. */
  readonly sizeBytes: number;
  readonly type: number;
  readonly tag: number;
}

/** Undefined while there are less than NINEP_HEADER_BYTES. A size below that, or beyond any msize, is the reader's to refuse. */
export function ninepHeader(bytes: Buffer): NinepHeader | undefined {
  if (bytes.length < NINEP_HEADER_BYTES) return undefined;
  return { sizeBytes: bytes.readUInt32LE(0), type: bytes.readUInt8(4), tag: bytes.readUInt16LE(5) };
}

/** Builds a message field by field; the size is set at the end. */
export class NinepWriter {
  readonly #parts: Buffer[] = [];

  constructor(
    private readonly type: NinepTypeName,
    private readonly tag: number,
  ) {}

  u8(value: number): this {
    return this.bytes(Buffer.of(value & 0xff));
  }

  u16(value: number): this {
    const part = Buffer.alloc(2);
    part.writeUInt16LE(value & 0xffff);
    return this.bytes(part);
  }

  u32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value >>> 0);
    return this.bytes(part);
  }

  u64(value: bigint): this {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt.asUintN(64, value));
    return this.bytes(part);
  }

  text(value: string): this {
    const bytes = Buffer.from(value, 'utf8').subarray(0, 0xffff);
    return this.u16(bytes.length).bytes(bytes);
  }

  bytes(part: Uint8Array): this {
    this.#parts.push(Buffer.from(part));
    return this;
  }

  message(): Buffer {
    const body = Buffer.concat(this.#parts);
    const header = Buffer.alloc(NINEP_HEADER_BYTES);
    header.writeUInt32LE(NINEP_HEADER_BYTES + body.length, 0);
    header.writeUInt8(NinepType[this.type], 4);
    header.writeUInt16LE(this.tag, 5);
    return Buffer.concat([header, body]);
  }
}

/** Reads the fields after the header of a whole message; one that is cut short reads as zeroes and is not `isWhole`. */
export class NinepReader {
  #at = NINEP_HEADER_BYTES;
  #isShort = false;

  constructor(private readonly message: Buffer) {}

  /** Whether all that was read was there. */
  get isWhole(): boolean {
    return !this.#isShort;
  }

  u8(): number {
    return this.bytes(1).readUInt8();
  }

  u16(): number {
    return this.bytes(2).readUInt16LE();
  }

  u32(): number {
    return this.bytes(4).readUInt32LE();
  }

  u64(): bigint {
    return this.bytes(8).readBigUInt64LE();
  }

  text(): string {
    return this.rest(this.u16()).toString('utf8');
  }

  /** At most so many of those that are left. */
  rest(most: number): Buffer {
    const part = this.message.subarray(this.#at, this.#at + most);
    if (part.length < most) this.#isShort = true;
    this.#at += part.length;
    return part;
  }

  private bytes(count: 1 | 2 | 4 | 8): Buffer {
    const part = this.rest(count);
    return part.length === count ? part : Buffer.alloc(count);
  }
}
