/** What the two ends of a ring say to each other: bytes that are like those of no other connection. */
import type { ByteStream, ByteStreamHandlers } from '../../server/store/byteStream';

/** The bytes of one direction of one connection: what is written is what must be read, and nothing else. */
export class Sequence {
  written = 0;
  read = 0;
  /** Somebody wrote over bytes that were not read: what they are is nobody's promise any more, how many is. */
  isSpoilt = false;

  constructor(
    private readonly key: number,
    private readonly fail: (problem: string) => void,
  ) {}

  take(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let n = 0; n < length; n++) bytes[n] = this.#at(this.written + n);
    this.written += length;
    return bytes;
  }

  see(bytes: Buffer): void {
    const end = this.read + bytes.length;
    if (end > this.written) this.fail(`byte ${end - 1} of connection ${this.key} was never written`);
    for (let n = 0; n < bytes.length && !this.isSpoilt; n++) {
      if (bytes[n] === this.#at(this.read + n)) continue;
      this.fail(`byte ${this.read + n} of connection ${this.key} is another`);
      break;
    }
    this.read = end;
  }

  #at(n: number): number {
    const mixed = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(this.key + 1, 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & 0xff;
  }
}

/** One end's view of its connection. */
export class Talker implements ByteStreamHandlers {
  stream: ByteStream | undefined;
  isOver = false;
  isPaused = false;

  constructor(
    readonly says: Sequence,
    readonly hears: Sequence,
    private readonly fail: (problem: string) => void,
  ) {}

  open(stream: ByteStream): void {
    this.stream = stream;
  }

  stop(): void {
    this.isPaused = true;
    this.stream!.pause();
  }

  goOn(): void {
    this.isPaused = false;
    if (!this.isOver) this.stream!.resume();
  }

  onData(bytes: Buffer): void {
    if (this.isOver) this.fail('bytes came after the end');
    this.hears.see(bytes);
  }

  onDrain(): void {
    if (this.stream?.queuedBytes !== 0) this.fail('drained, and yet something is queued');
  }

  onClose(): void {
    this.isOver = true;
  }
}
