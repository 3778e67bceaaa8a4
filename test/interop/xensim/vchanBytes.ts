/** The bytes that vchan.c writes: the same here, a piece at a time. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Vchan } from '../../../server/vchan/vchan';

const pieceBytes = 65_536;

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
  for (let left = total; left > 0; left -= pieceBytes) hash.update(bytes.next(Math.min(left, pieceBytes)));
  const digest = hash.digest('hex');
  hashes.set(key, digest);
  return digest;
}

/** All bytes of one direction at our end. */
export async function writeAll(vchan: Vchan, bytes: number): Promise<void> {
  const source = new VchanBytes(vchan.role);
  for (let left = bytes; left > 0; left -= pieceBytes) {
    await vchan.write(source.next(Math.min(left, pieceBytes)));
  }
}

/** The hash of so many bytes that come. */
export async function readHash(vchan: Vchan, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  const into = Buffer.alloc(pieceBytes);
  for (let left = bytes; left > 0;) {
    const count = await vchan.read(into.subarray(0, Math.min(left, into.length)));
    if (count === 0) throw new Error(`the other side left ${left} bytes too early`);
    hash.update(into.subarray(0, count));
    left -= count;
  }
  return hash.digest('hex');
}

/** So much to the server, then as much back, and the end: both ends look at every byte, the other one is a program. */
export async function exchangeBytes(vchan: Vchan, bytes: number): Promise<void> {
  if (vchan.role === 'server') {
    assert.equal(await readHash(vchan, bytes), hashOf('client', bytes));
    await writeAll(vchan, bytes);
    assert.equal(await vchan.read(Buffer.alloc(1)), 0);
  } else {
    await writeAll(vchan, bytes);
    assert.equal(await readHash(vchan, bytes), hashOf('server', bytes));
  }
  await vchan.close();
}
