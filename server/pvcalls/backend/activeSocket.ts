/**
 * A connected socket of a backend: moves what comes from the network into the ring `in`, and what the guest
 * wrote into `out` to the network. Neither side is read faster than the other takes it.
 */
import { XenscopeError } from '../../host/errors';
import type { RingWork } from '../../host/microSteps';
import { freeSteps, type RingSteps } from '../../host/steps';
import { pvcallsRet } from '../../wire/pvcalls/errno';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import type { DataRing } from '../dataRing';
import type { NetConnection } from '../network';
import { retOf } from '../socketError';
import type { SocketSpins, SocketWaitsFor } from '../socketSpins';
import type { MappedRings } from './mappedRings';

/** Taken out of the ring in one piece. */
const maxPieceBytes = 256 * 1024;
/** From the guest to the network, before node's loop gets its turn and with it the other sockets. */
const maxTurnBytes = 1024 * 1024;
/** Less at once would only be more reads. */
const minReadBytes = 64 * 1024;
const orderlyEnd = pvcallsRet('ENOTCONN');

export interface ActiveSocketParts {
  readonly rings: MappedRings;
  readonly connection: NetConnection;
  readonly steps: RingSteps;
  readonly spins: SocketSpins;
  /** The guest broke its rings: nothing more passes until it releases the socket. */
  readonly onBroken: (error: XenscopeError) => void;
}

export class ActiveSocket {
  readonly rings: MappedRings;
  readonly connection: NetConnection;
  readonly #ring: DataRing;
  /** Whether a step may wait, and with it the bytes that are on their way into the ring. */
  readonly #mayWait: boolean;
  readonly #worker: RingWorker;
  readonly #spins: SocketSpins;
  /** From the network, and not yet in the ring; nothing more is read before it is. */
  #pending: Buffer | undefined;
  /** Why a direction is over, and whether the guest was told. */
  readonly #over = { in: 0, out: 0 };
  readonly #told = { in: false, out: false };
  /** From the guest, since bytes were waited for last. */
  #hasTaken = false;
  #turnBytes = 0;
  #isBroken = false;
  #isOver = false;

  constructor({ rings, connection, steps, spins, onBroken }: ActiveSocketParts) {
    this.rings = rings;
    this.connection = connection;
    this.#ring = rings.ring;
    this.#spins = spins;
    this.#mayWait = steps !== freeSteps;
    this.#worker = new RingWorker(
      steps,
      () => this.#work(),
      (error) => {
        this.#isBroken = true;
        connection.reset();
        this.#ring.failNow(pvcallsRet('EIO'));
        onBroken(error);
      },
    );
    const { stream } = connection;
    const over = (ret: number, ...directions: ('in' | 'out')[]) => {
      for (const each of directions) this.#over[each] ||= ret;
      this.#worker.look();
    };
    if (connection.listenToReads) {
      const bytes = Math.max(this.#ring.bytes, minReadBytes);
      connection.listenToReads((read) => this.#hearRead(read), bytes);
      stream.resume();
    } else stream.on('data', (bytes: Buffer) => this.#fromNetwork(bytes));
    stream.on('drain', () => this.look());
    stream.on('end', () => over(orderlyEnd, 'in'));
    stream.on('error', (error) => over(retOf(error), 'in', 'out'));
    stream.on('close', () => over(orderlyEnd, 'in', 'out'));
    if (stream.destroyed) over(stream.errored ? retOf(stream.errored) : orderlyEnd, 'in', 'out');
    this.#worker.look();
  }

  /** Bytes from the network that wait for room in the ring. */
  get waitingBytes(): number {
    return (this.#pending?.length ?? 0) + this.connection.stream.readableLength;
  }

  /** The guest rang, or the network takes bytes again. */
  look(): void {
    do this.#worker.look();
    while (this.#spins.until(this.#waitsFor(), this.#canMove));
  }

  /** The guest has released it. What it wrote before still goes out; its connection has to be ended. */
  release(): void {
    const { stream } = this.connection;
    this.#close();
    stream.removeAllListeners('data');
    if (this.#isBroken || !this.#canWrite()) return;
    try {
      this.#ring.drain((bytes) => stream.write(bytes));
    } catch (error) {
      // Indices that cannot be, of somebody who leaves anyway.
      if (!(error instanceof XenscopeError)) throw error;
    }
  }

  /** The guest is gone, or its rings are. An end would say that the other side has all. */
  destroy(): void {
    const isCutOff = this.#hasUnsent();
    this.#close();
    if (isCutOff) this.connection.reset();
    else this.connection.stream.destroy();
  }

  #fromNetwork(bytes: Buffer): void {
    this.#pending = this.#pending ? Buffer.concat([this.#pending, bytes]) : bytes;
    this.look();
    if (this.#pending) this.connection.stream.pause();
  }

  /** Answers whether more can come. What is left over is kept, and the buffer given back. */
  #hearRead(shared: Buffer): boolean {
    if (this.#isOver) return true;
    const bytes = this.#mayWait ? Buffer.from(shared) : shared;
    this.#pending = this.#pending ? Buffer.concat([this.#pending, bytes]) : bytes;
    this.look();
    if (!this.#pending) return true;
    this.#pending = Buffer.from(this.#pending);
    return false;
  }

  #waitsFor(): SocketWaitsFor | undefined {
    if (this.#isBroken) return undefined;
    if (this.#pending) return 'room';
    if (!this.#hasTaken || !this.#takesBytes()) return undefined;
    this.#hasTaken = false;
    return 'bytes';
  }

  readonly #canMove = (): boolean => {
    if (this.#pending && this.#ring.space() > 0) return true;
    return this.#takesBytes() && this.#ring.ready() > 0;
  };

  *#work(): RingWork<void> {
    for (let hasMoved = true; hasMoved;) {
      const toNetwork = yield* this.#toNetwork();
      const toGuest = yield* this.#toGuest();
      hasMoved = toNetwork || toGuest;
    }
    for (const direction of ['in', 'out'] as const) {
      if (this.#over[direction] === 0 || this.#told[direction]) continue;
      // After the last byte.
      if (direction === 'in' && this.#nextPiece()) continue;
      this.#told[direction] = true;
      yield* this.#ring.fail(direction, this.#over[direction]);
    }
  }

  /** Answers whether anything moved. */
  *#toNetwork(): RingWork<boolean> {
    const { stream } = this.connection;
    if (!this.#takesBytes()) return false;
    const count = Math.min(this.#ring.ready(), maxPieceBytes);
    if (count === 0) return false;
    this.#hasTaken = true;
    // The guest fills its ring again while the kernel takes what was in it: the stream keeps that until the guest was
    // told of the room, and sends it in any case when it is ended meanwhile.
    stream.cork();
    yield* this.#ring.take(count, (bytes) => {
      // The network may have gone while the step waited.
      if (this.#canWrite()) stream.write(bytes);
    });
    stream.uncork();
    this.#countTurn(count);
    return true;
  }

  *#toGuest(): RingWork<boolean> {
    const piece = this.#nextPiece();
    if (!piece) return false;
    const count = Math.min(this.#ring.space(), piece.length);
    if (count === 0) return false;
    this.#pending = count < piece.length ? piece.subarray(count) : undefined;
    yield* this.#ring.put(piece.subarray(0, count));
    if (!this.#pending) this.connection.stream.resume();
    return true;
  }

  #nextPiece(): Buffer | undefined {
    // Of a connection that broke, what had come before is left in the stream, which tells nobody of it any more.
    if (this.#over.in !== 0) this.#pending ??= (this.connection.stream.read() as Buffer | null) ?? undefined;
    return this.#pending;
  }

  /** The network, at the moment. A stream waits with its `drain` for the next turn even where the kernel took all at once. */
  #takesBytes(): boolean {
    const { writableNeedDrain, writableLength } = this.connection.stream;
    if (this.#turnBytes >= maxTurnBytes || !this.#canWrite()) return false;
    return !writableNeedDrain || writableLength === 0;
  }

  /** A guest and a network that are both quick would have the loop of this process for themselves. */
  #countTurn(bytes: number): void {
    this.#turnBytes += bytes;
    if (this.#turnBytes < maxTurnBytes) return;
    setImmediate(() => {
      this.#turnBytes = 0;
      this.look();
    });
  }

  #close(): void {
    this.#isOver = true;
    this.#worker.close();
    this.#pending = undefined;
    this.#hasTaken = false;
  }

  /** Whether the guest has written what the network does not have yet, or nobody can tell any more. */
  #hasUnsent(): boolean {
    if (!this.#canWrite()) return false;
    try {
      return this.connection.stream.writableLength > 0 || this.#ring.ready() > 0;
    } catch (error) {
      if (error instanceof XenscopeError) return true;
      throw error;
    }
  }

  #canWrite(): boolean {
    return this.connection.stream.writable;
  }
}
