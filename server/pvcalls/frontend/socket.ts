/**
 * A connected socket of a frontend as a stream of Node. The protocol has no way to close one half: ending the
 * stream waits until the backend has read everything, and the socket is released when both halves have ended,
 * or when the stream is destroyed.
 */
import { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import type { RingWork } from '../../host/microSteps';
import type { RingSteps } from '../../host/steps';
import type { Ipv4Address } from '../../wire/pvcalls/address';
import { pvcallsRet } from '../../wire/pvcalls/errno';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import type { DataRing } from '../dataRing';
import type { PvCallsFindings } from '../findings';
import { answeredError } from '../socketError';
import type { SocketError } from '../socketError';
import type { SocketSpins, SocketWaitsFor } from '../socketSpins';
import type { SharedRings } from './sharedRings';
import { STANDSTILL_MS, StandstillWatch } from './standstill';

const maxPieceBytes = 256 * 1024;
/** After a write has failed, from one look of whoever reads to the next. */
export const LAST_BYTES_MS = 10_000;
const orderlyEnd = pvcallsRet('ENOTCONN');

export interface SocketStreamOptions {
  /** When the other side ends, this one does so as well; with true it goes on. False when absent. */
  readonly allowHalfOpen?: boolean;
}

export interface PvCallsSocketParts extends SocketStreamOptions {
  readonly id: bigint;
  /** Where it was connected to; undefined for one that was accepted, because nobody tells. */
  readonly remote: Ipv4Address | undefined;
  readonly rings: SharedRings;
  readonly steps: RingSteps;
  readonly spins: SocketSpins;
  readonly clock: Clock;
  readonly findings: PvCallsFindings;
  /** Gives the socket back to its frontend. Resolves when the backend has answered, or is gone. */
  readonly release: (socket: PvCallsSocket) => Promise<void>;
}

interface Writing {
  rest: Buffer;
  readonly done: (error?: Error | null) => void;
}

export class PvCallsSocket extends Duplex {
  readonly id: bigint;
  readonly remote: Ipv4Address | undefined;
  readonly rings: SharedRings;
  readonly #parts: PvCallsSocketParts;
  readonly #ring: DataRing;
  readonly #worker: RingWorker;
  readonly #standstill: StandstillWatch;
  #wantsMore = false;
  /** Since bytes were waited for last. */
  #hasTaken = false;
  #hasEnded = false;
  #writing: Writing | undefined;
  /** Kept while somebody still reads what came before. */
  #failedWrite: SocketError | undefined;
  #patience: Timer | undefined;
  /** Why `in` is over, where that was not in order; told behind the last byte. */
  #broken: SocketError | undefined;
  #finish: ((error?: Error | null) => void) | undefined;
  #unsentBytes = 0;
  #released: Promise<void> | undefined;

  constructor(parts: PvCallsSocketParts, ring: DataRing) {
    super({ allowHalfOpen: parts.allowHalfOpen ?? false });
    this.id = parts.id;
    this.remote = parts.remote;
    this.rings = parts.rings;
    this.#parts = parts;
    this.#ring = ring;
    this.#worker = new RingWorker(
      parts.steps,
      () => this.#work(),
      (error) => {
        parts.findings.add('badRing', `Socket ${parts.id}: ${error.message}`);
        this.destroy(error);
      },
    );
    this.#standstill = new StandstillWatch(parts.clock, ring.bytes, () => this.#tellOfStandstill());
    this.once('end', () => this.#failedWrite && this.#worker.look());
  }

  /** Resolves when the backend has released it, which begins when the stream is destroyed; undefined before. */
  get released(): Promise<void> | undefined {
    return this.#released;
  }

  /** What the backend will never take of what was written, because its way out broke; known when the end is called back. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** The backend rang. */
  look(): void {
    do this.#worker.look();
    while (this.#parts.spins.until(this.#waitsFor(), this.#canMove));
  }

  override read(size?: number): Buffer | null {
    const bytes = super.read(size) as Buffer | null;
    if (this.#failedWrite) this.#beginPatience();
    if (this.#broken) this.#breakIfRead();
    return bytes;
  }

  override _read(): void {
    this.#wantsMore = true;
    this.#worker.look();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#writing = { rest: chunk, done };
    this.#worker.look();
  }

  /** What was written in small pieces goes in one. */
  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer' as BufferEncoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#finish = done;
    this.#worker.look();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#worker.close();
    this.#standstill.stop();
    this.#patience?.cancel();
    const unfinished =
      error ??
      this.#failedWrite ??
      new XenscopeError('gone', 'The socket was released before all was written.');
    this.#writing?.done(unfinished);
    this.#finish?.(unfinished);
    this.#writing = this.#finish = undefined;
    this.#released = this.#parts.release(this);
    done(error);
  }

  #waitsFor(): SocketWaitsFor | undefined {
    if (this.destroyed) return undefined;
    if (this.#writing && !this.#failedWrite) return 'room';
    if (!this.#hasTaken || !this.#wantsMore) return undefined;
    this.#hasTaken = false;
    return 'bytes';
  }

  readonly #canMove = (): boolean => {
    if (this.#writing && !this.#failedWrite && this.#ring.space() > 0) return true;
    return this.#wantsMore && this.#ring.ready() > 0;
  };

  *#work(): RingWork<void> {
    for (let hasMoved = true; hasMoved;) {
      const read = yield* this.#readSome();
      const wrote = yield* this.#writeSome();
      hasMoved = read || wrote;
    }
    this.#finishIfRead();
  }

  *#readSome(): RingWork<boolean> {
    if (this.destroyed || !this.#wantsMore || this.#hasEnded) return false;
    // Before the bytes: what was written before the word is in the ring when the word is there.
    const error = this.#ring.errorOf('in');
    const count = Math.min(this.#ring.ready(), maxPieceBytes);
    if (count === 0) {
      if (error !== 0) this.#endWith(error);
      else this.#standstill.isEmpty();
      return false;
    }
    this.#hasTaken = true;
    let taken!: Buffer;
    yield* this.#ring.take(count, (bytes) => (taken = bytes));
    // The backend fills the ring again while these are at work with somebody.
    this.#wantsMore = this.push(taken);
    // Whoever reads them may have destroyed the socket, and its pages are given back.
    if (this.destroyed) return false;
    this.#standstill.took(count, this.#ring.ready());
    return true;
  }

  *#writeSome(): RingWork<boolean> {
    const writing = this.#writing;
    if (!writing) return false;
    const error = this.#ring.errorOf('out');
    if (error !== 0) {
      this.#failWrite(writing, error);
      return false;
    }
    const count = Math.min(this.#ring.space(), writing.rest.length, maxPieceBytes);
    if (count === 0 && writing.rest.length > 0) return false;
    const part = writing.rest.subarray(0, count);
    writing.rest = writing.rest.subarray(count);
    if (part.length > 0) yield* this.#ring.put(part);
    if (writing.rest.length === 0) {
      this.#writing = undefined;
      writing.done();
    }
    return true;
  }

  /** A stream of Node of which a write fails is over: what has come goes to whoever reads first. */
  #failWrite(writing: Writing, ret: number): void {
    const isRead = this.readableFlowing !== null || this.readableDidRead;
    const isNew = !this.#failedWrite;
    this.#failedWrite ??= answeredError(ret, 'Writing to the socket failed');
    if (isRead && !this.readableEnded) {
      if (isNew) this.#beginPatience();
      return;
    }
    this.#writing = undefined;
    writing.done(this.#failedWrite);
  }

  /** Whoever waits with reading until all is written, and a backend that never says that no more comes, wait no longer. */
  #beginPatience(): void {
    this.#patience?.cancel();
    this.#patience = this.destroyed
      ? undefined
      : this.#parts.clock.after(LAST_BYTES_MS, () => this.destroy(this.#failedWrite));
  }

  #breakIfRead(): void {
    if (this.readableLength === 0) this.destroy(this.#broken);
  }

  /** A backend that does not read what is left when a socket is released would lose it. */
  #finishIfRead(): void {
    if (!this.#finish || this.#writing) return;
    const error = this.#ring.errorOf('out');
    const unreadBytes = this.#ring.unread();
    if (unreadBytes > 0 && error === 0) return;
    this.#unsentBytes = unreadBytes;
    const finish = this.#finish;
    this.#finish = undefined;
    finish();
  }

  #tellOfStandstill(): void {
    this.#parts.findings.add(
      'standstill',
      `Socket ${this.id}: the backend had filled its ring, was told of room, and sent nothing for ${STANDSTILL_MS / 1000} s. ` +
        `If more was to come, it stands still, as Linux's does when a frontend only receives: release the socket.`,
    );
  }

  #endWith(ret: number): void {
    this.#hasEnded = true;
    this.#standstill.stop();
    if (ret === orderlyEnd) {
      this.push(null);
      return;
    }
    this.#broken = answeredError(ret, 'Reading from the socket failed');
    this.#breakIfRead();
  }
}

/** What becomes of sockets whose device disconnects. */
export function disconnected(): XenscopeError {
  return new XenscopeError('gone', 'The PV Calls device of this socket has disconnected.', {
    wayOut: 'Connect again when the device is connected.',
  });
}
