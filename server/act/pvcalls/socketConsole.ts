/**
 * A connected socket that a person drives by hand: what comes is kept until somebody asks for it, and dropped
 * where it comes faster, the oldest first; or nothing is dropped, and the other side has to wait. The socket is
 * never released by itself.
 */
import { XenscopeError } from '../../host/errors';
import type { Clock, Timer } from '../../host/clock';
import type { RingWork } from '../../host/microSteps';
import type { RingSteps } from '../../host/steps';
import type { DataRing } from '../../pvcalls/dataRing';
import type { SharedRings } from '../../pvcalls/frontend/sharedRings';
import { STANDSTILL_MS, StandstillWatch } from '../../pvcalls/frontend/standstill';
import { answeredError } from '../../pvcalls/socketError';
import { pvcallsErrorName, pvcallsRet } from '../../wire/pvcalls/errno';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import { KeptBytes } from '../keptBytes';
import type { ComposerLevel, ComposerStream } from './plan';

export const maxKeptBytes = 256 * 1024;
const maxPieceBytes = 64 * 1024;
/** After so many others have their turn, whoever floods us. */
const bytesPerTurn = 512 * 1024;
const orderlyEnd = pvcallsRet('ENOTCONN');

export interface SocketConsoleParts {
  readonly id: bigint;
  readonly rings: SharedRings;
  readonly ring: DataRing;
  readonly steps: RingSteps;
  readonly clock: Clock;
  readonly onStandstill: (text: string) => void;
  /** The indices cannot be: nothing passes any more. */
  readonly onBroken: (text: string) => void;
}

export interface Sent {
  readonly sentBytes: number;
  /** Why not all were sent, in one sentence or two; absent where whoever sends has stopped it. */
  readonly problem?: string;
  readonly isStopped?: true;
}

interface Writing {
  readonly bytes: Uint8Array;
  sentBytes: number;
  /** A piece of it is just being put into the ring. */
  isPutting: boolean;
  wantsStop: boolean;
  readonly over: (how?: Omit<Sent, 'sentBytes'>) => void;
}

export class SocketConsole {
  readonly rings: SharedRings;
  readonly #parts: SocketConsoleParts;
  readonly #worker: RingWorker;
  readonly #standstill: StandstillWatch;
  readonly #kept = new KeptBytes();
  #writing: Writing | undefined;
  #sending: ComposerStream['sending'] = 'open';
  #receiving: ComposerStream['receiving'] = 'open';
  #endError = 0;
  #reads = true;
  #keepsAll = false;
  #sentBytes = 0;
  #sends = 0;
  #receivedBytes = 0;
  #pieces = 0;
  #droppedBytes = 0;
  #untoldBytes = 0;
  #bytesThisTurn = 0;
  #turn: Timer | undefined;
  /** The indices cannot be. */
  #trouble: XenscopeError | undefined;
  #isOver = false;

  constructor(parts: SocketConsoleParts) {
    this.#parts = parts;
    this.rings = parts.rings;
    const { clock, ring, id, onStandstill } = parts;
    this.#standstill = new StandstillWatch(clock, ring.bytes, () =>
      onStandstill(
        `Socket ${id}: the backend had filled its ring, was told of room, and sent nothing for ${STANDSTILL_MS / 1000} s. ` +
          `If more was to come, it stands still, as Linux's does when a frontend only receives: release the socket.`,
      ),
    );
    this.#worker = new RingWorker(
      parts.steps,
      () => this.#work(),
      (error) => {
        this.#trouble = error;
        parts.onBroken(`Socket ${id}: ${error.message}`);
        this.#writing?.over({ problem: error.message });
      },
    );
    this.#worker.look();
  }

  /** The backend rang. */
  look(): void {
    this.#worker.look();
  }

  get state(): ComposerStream {
    const { order, place } = this.rings;
    return {
      rings: { ...place, order },
      ...this.#words(),
      reads: this.#reads,
      sending: this.#sending,
      receiving: this.#receiving,
      sent: { bytes: this.#sentBytes, pieces: this.#sends },
      received: { bytes: this.#receivedBytes, pieces: this.#pieces },
      droppedBytes: this.#droppedBytes,
      input: this.#level('in', () => this.#parts.ring.ready()),
      output: this.#level('out', () => this.#parts.ring.unread()),
    };
  }

  /** What came since this was asked last. */
  take(): { readonly bytes: Buffer; readonly leftOutBytes: number } {
    const taken = { bytes: this.#kept.take(), leftOutBytes: this.#untoldBytes };
    this.#untoldBytes = 0;
    // One that waited for room goes on.
    if (this.#keepsAll && taken.bytes.length > 0) this.#worker.look();
    return taken;
  }

  setReading({ reads, keepAll }: { readonly reads: boolean; readonly keepAll: boolean }): void {
    this.#reads = reads;
    this.#keepsAll = keepAll;
    this.#worker.look();
  }

  /** Resolves when all is in the ring, when that cannot be, or when the signal is aborted; then it says how far it came. */
  send(bytes: Uint8Array, signal: AbortSignal): Promise<Sent> {
    this.#mustSend();
    if (signal.aborted) return Promise.resolve({ sentBytes: 0, isStopped: true });
    this.#sends++;
    return new Promise((resolve) => {
      const stop = () => {
        writing.wantsStop = true;
        if (!writing.isPutting) writing.over({ isStopped: true });
      };
      const writing: Writing = {
        bytes,
        sentBytes: 0,
        isPutting: false,
        wantsStop: false,
        over: (how) => {
          if (this.#writing === writing) this.#writing = undefined;
          signal.removeEventListener('abort', stop);
          resolve({ sentBytes: writing.sentBytes, ...how });
        },
      };
      this.#writing = writing;
      signal.addEventListener('abort', stop, { once: true });
      this.#worker.look();
    });
  }

  /** Nothing more is written: it waits until the backend has read all. */
  endSending(): void {
    if (this.#sending !== 'open') return;
    if (this.#writing) throw stillSending();
    this.#sending = 'ending';
    this.#worker.look();
  }

  /** The socket is over; its rings are whoever's who gave them. Safe to call twice. */
  close(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#worker.close();
    this.#standstill.stop();
    this.#turn?.cancel();
    this.#writing?.over({ problem: why });
  }

  *#work(): RingWork<void> {
    for (let hasMoved = true; hasMoved;) {
      const read = yield* this.#readSome();
      const wrote = yield* this.#writeSome();
      hasMoved = read || wrote;
    }
    this.#endIfRead();
  }

  *#readSome(): RingWork<boolean> {
    if (!this.#mayRead()) return false;
    const { ring } = this.#parts;
    // Before the bytes: what was written before the word is in the ring when the word is there.
    const error = ring.errorOf('in');
    const count = Math.min(ring.ready(), maxPieceBytes);
    if (count === 0) {
      if (error !== 0) this.#endReceiving(error);
      else this.#standstill.isEmpty();
      return false;
    }
    yield* ring.take(count, (bytes) => this.#keep(bytes));
    this.#standstill.took(count, ring.ready());
    return true;
  }

  *#writeSome(): RingWork<boolean> {
    const writing = this.#writing;
    if (!writing) return false;
    const { ring } = this.#parts;
    const error = ring.errorOf('out');
    if (error !== 0) {
      writing.over({ problem: answeredError(error, 'Writing to the socket failed').message });
      return false;
    }
    const rest = writing.bytes.length - writing.sentBytes;
    const count = Math.min(ring.space(), rest, maxPieceBytes);
    if (count === 0 && rest > 0) return false;
    writing.isPutting = true;
    if (count > 0) yield* ring.put(writing.bytes.subarray(writing.sentBytes, writing.sentBytes + count));
    writing.isPutting = false;
    writing.sentBytes += count;
    this.#sentBytes += count;
    if (writing.sentBytes === writing.bytes.length) writing.over();
    else if (writing.wantsStop) writing.over({ isStopped: true });
    return true;
  }

  #mayRead(): boolean {
    if (!this.#reads || this.#receiving === 'ended') return false;
    if (this.#keepsAll && this.#kept.bytes >= maxKeptBytes) return false;
    if (this.#bytesThisTurn < bytesPerTurn) return true;
    this.#turn ??= this.#parts.clock.after(0, () => {
      this.#turn = undefined;
      this.#bytesThisTurn = 0;
      this.#worker.look();
    });
    return false;
  }

  #keep(bytes: Buffer): void {
    this.#kept.add(bytes);
    this.#receivedBytes += bytes.length;
    this.#bytesThisTurn += bytes.length;
    this.#pieces++;
    if (this.#keepsAll) return;
    const dropped = this.#kept.dropTo(maxKeptBytes);
    this.#droppedBytes += dropped;
    this.#untoldBytes += dropped;
  }

  #endReceiving(error: number): void {
    this.#receiving = 'ended';
    this.#endError = error;
    this.#standstill.stop();
  }

  #endIfRead(): void {
    if (this.#sending !== 'ending') return;
    const { ring } = this.#parts;
    if (ring.errorOf('out') !== 0 || ring.unread() === 0) this.#sending = 'ended';
  }

  #words(): Pick<ComposerStream, 'text' | 'severity'> {
    if (this.#trouble) return { text: this.#trouble.message, severity: 'error' };
    const outError = this.#word('out');
    if (this.#receiving === 'ended' && this.#endError !== orderlyEnd) {
      const { message } = answeredError(this.#endError, 'Reading failed');
      return { text: message, severity: 'warning' };
    }
    if (outError !== 0 && outError !== orderlyEnd) {
      return { text: answeredError(outError, 'Writing failed').message, severity: 'warning' };
    }
    if (this.#receiving === 'ended') {
      const rest =
        outError === 0 && this.#sending === 'open' ? ' Something can still be sent.' : ' Release the socket.';
      return { text: `The other side has ended, in good order, and all is read.${rest}`, severity: 'note' };
    }
    if (this.#writing && this.#level('out', () => this.#parts.ring.space()).usedBytes === 0) {
      return { text: 'The ring out is full: it goes on when the backend has read some.', severity: 'note' };
    }
    if (this.#sending === 'ending') {
      return { text: 'The backend has yet to read what was sent.', severity: 'note' };
    }
    if (this.#sending === 'ended') {
      const text = 'Nothing more is sent, and all was read; the other side learns of it with the RELEASE.';
      return { text, severity: 'note' };
    }
    if (!this.#reads) return { text: 'Nothing is taken out of the ring in.', severity: 'note' };
    return { text: 'Open both ways.', severity: 'fine' };
  }

  #level(name: 'in' | 'out', used: () => number): ComposerLevel {
    const error = this.#word(name);
    const errorName = pvcallsErrorName(error);
    const usedBytes = unlessBroken(used);
    return {
      sizeBytes: this.#parts.ring.bytes,
      error,
      ...(usedBytes !== undefined && { usedBytes }),
      ...(errorName !== undefined && { errorName }),
    };
  }

  #word(name: 'in' | 'out'): number {
    return unlessBroken(() => this.#parts.ring.errorOf(name)) ?? 0;
  }

  #mustSend(): void {
    if (this.#writing) throw stillSending();
    if (this.#sending === 'open' && !this.#trouble && !this.#isOver) return;
    const text = this.#trouble?.message ?? 'Nothing more can be sent: this end was told to write no more.';
    throw new XenscopeError('gone', text, { wayOut: 'Open another socket.' });
  }
}

/** Undefined where the other side broke the indices, or the pages are gone. */
function unlessBroken(look: () => number): number | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof XenscopeError) return undefined;
    throw error;
  }
}

function stillSending(): XenscopeError {
  return new XenscopeError('busy', 'Something is still being sent.', { wayOut: 'Wait for it, or stop it.' });
}
