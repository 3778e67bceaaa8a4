/**
 * What sockets of this machine read, in one buffer for all of them. A read of node's is done and told in one piece, so
 * that the buffer is free again when the listener returns. A buffer of its own for each read is twice as dear: it comes
 * from memory that no cache has, and the collector takes it away.
 */
import type { OnReadOpts } from 'node:net';
import type { ReadListener } from '../pvcalls/network';

const maxReadBytes = 256 * 1024;
/** Before anybody has said how much is wanted. */
const firstReadBytes = 64 * 1024;

let shared: Buffer | undefined;

export class SharedReads {
  /** For the constructor of a socket, which has to be paused until somebody listens. */
  readonly options: OnReadOpts;
  #listener: ReadListener | undefined;
  #buffer: Buffer;

  /** Absent where the system writes to the buffer of a read that is still under way. */
  static open(): SharedReads | undefined {
    return process.platform === 'win32' ? undefined : new SharedReads();
  }

  private constructor() {
    shared ??= Buffer.allocUnsafeSlow(maxReadBytes);
    this.#buffer = shared.subarray(0, firstReadBytes);
    this.options = {
      buffer: () => this.#buffer,
      // Not `#buffer`: the first read is into the one that was asked for when the socket was made.
      callback: (count, { buffer, byteOffset }) =>
        this.#listener?.(Buffer.from(buffer, byteOffset, count)) ?? true,
    };
  }

  /** From the second read on none takes more than `bytes`, or `maxReadBytes`. */
  listen(listener: ReadListener, bytes: number): void {
    this.#listener = listener;
    this.#buffer = shared!.subarray(0, Math.min(bytes, maxReadBytes));
  }
}
