/** The bytes that vchan.c writes: the same here, a piece at a time. */
import { createHash } from 'node:crypto';

export type Writer = 'server' | 'client';

/** The first byte of (position + 7, of a server) times the golden number of 64 bits. */
export class VchanBytes {
  static readonly #stepHigh = 0x9e3779b9;
  static readonly #stepLow = 0x7f4a7c15;
  #high: number;
  #low: number;

  constructor(writer: Writer) {
    const first = (BigInt(writer === 'server' ? 7 : 0) * 0x9e3779b97f4a7c15n) & 0xffff_ffff_ffff_ffffn;
    this.#high = Number(first >> 32n);
    this.#low = Number(first & 0xffff_ffffn);
  }

  next(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count);
    for (let at = 0; at < count; at++) {
      bytes[at] = this.#high >>> 24;
      const low = this.#low + VchanBytes.#stepLow;
      this.#low = low >>> 0;
      this.#high = (this.#high + VchanBytes.#stepHigh + (low > 0xffff_ffff ? 1 : 0)) >>> 0;
    }
    return bytes;
  }
}

const hashes = new Map<string, string>();

/** The hash of the first `total` bytes of a writer. */
export function hashOf(writer: Writer, total: number): string {
  const key = `${writer} ${total}`;
  const known = hashes.get(key);
  if (known !== undefined) return known;
  const bytes = new VchanBytes(writer);
  const hash = createHash('sha256');
  for (let left = total; left > 0; left -= 65_536) hash.update(bytes.next(Math.min(left, 65_536)));
  const digest = hash.digest('hex');
  hashes.set(key, digest);
  return digest;
}
