/**
 * One end of a vchan, open: a stream of bytes in each direction, or packets of a length that both ends
 * know. What libxenvchan does by blocking is a promise here; what it does without blocking is `try…`.
 */
import { XenscopeError } from '../host/errors';
import { VchanNotify } from '../wire/vchanRings';
import { goneError, unfinishedError } from './farewell';
import type { GonePeer } from './farewell';
import type { WaitOptions } from './ports';
import type { RingMoves, VchanRole } from './ringMoves';
import type { VchanEngine, VchanFarewell, VchanPeer } from './vchanEngine';

export interface VchanParts {
  readonly moves: RingMoves;
  readonly engine: VchanEngine;
  readonly peerDomid: number;
  /** The grant under which its server lends the control page. */
  readonly gref: number;
  /** The folder of its nodes, as this end names it. */
  readonly path: string;
  /** Gives back pages and doorbell. */
  readonly release: () => void | Promise<void>;
  /** Removes the nodes. Comes first: as long as grant and port are held, they tell whose nodes those are. */
  readonly removeNodes: () => Promise<void>;
}

/** Sleeping until there is enough. */
export interface EnoughOptions extends WaitOptions {
  /** 1 when absent. */
  readonly bytes?: number;
}

export class Vchan {
  readonly role: VchanRole;
  readonly peerDomid: number;
  readonly gref: number;
  readonly path: string;
  readonly #parts: VchanParts;
  readonly #moves: RingMoves;
  readonly #engine: VchanEngine;
  #isReading = false;
  #isWriting = false;
  #closing: Promise<void> | undefined;

  constructor(parts: VchanParts) {
    const { moves, engine, peerDomid, gref, path } = parts;
    this.#parts = parts;
    this.#moves = moves;
    this.#engine = engine;
    this.role = moves.role;
    this.peerDomid = peerDomid;
    this.gref = gref;
    this.path = path;
  }

  /** How long the ring is that this end reads. */
  get readRingBytes(): number {
    return this.#moves.readRingBytes;
  }

  get writeRingBytes(): number {
    return this.#moves.writeRingBytes;
  }

  /** Of a server: it outlives its clients. */
  get isPersistent(): boolean {
    return this.#engine.isPersistent;
  }

  get peer(): VchanPeer {
    return this.#engine.peer;
  }

  /** How the other side has gone; undefined while it is here, or may still come for the first time. */
  get farewell(): VchanFarewell | undefined {
    return this.#engine.farewell;
  }

  /** Whether anything can still be written: the other side is there, or may still come. */
  get isOpen(): boolean {
    return this.#engine.isOpen;
  }

  /** Bytes that can be read now. Throws a XenscopeError `protocol` where the other side broke the indices. */
  get readyBytes(): number {
    this.#engine.mustBeOurs();
    return this.#moves.ready();
  }

  /** Bytes that can be written now. Throws as `readyBytes`. */
  get spaceBytes(): number {
    this.#engine.mustBeOurs();
    return this.#moves.space();
  }

  /**
   * Reads at least one byte and at most `into.length`; answers how many, and 0 when the other side has left and all
   * is read. Beside a quick writer it never waits: whoever reads in a loop gives that of node its turn (`LoopTurns`).
   */
  read(into: Uint8Array, { signal }: WaitOptions = {}): Promise<number> {
    return this.#asReader(() => this.#receive(into, 1, signal));
  }

  /**
   * As `read`, exactly `into.length` bytes, in one piece; false when the other side has left and all is read.
   * Rejects with `gone` when it has left fewer bytes: they can still be had with `read`.
   */
  async recv(into: Uint8Array, { signal }: WaitOptions = {}): Promise<boolean> {
    mustFit(into, this.readRingBytes);
    const count = await this.#asReader(() => this.#receive(into, into.length, signal));
    return count === into.length;
  }

  /**
   * Writes all bytes, in pieces as there is room. They must stay as they are until then. Cancelled in the middle it
   * does not tell how much was written: whoever wants to go on uses `writable` and `tryWrite`.
   */
  write(bytes: Uint8Array, { signal }: WaitOptions = {}): Promise<void> {
    return this.#asWriter(async () => {
      for (let done = 0; done < bytes.length;) {
        await this.#untilSpace(1, done, bytes.length, signal);
        const count = Math.min(this.#moves.space(), bytes.length - done);
        await this.#engine.put(bytes.subarray(done, done + count));
        done += count;
      }
    });
  }

  /** Writes all bytes in one piece, when there is room for all of them. */
  async send(bytes: Uint8Array, { signal }: WaitOptions = {}): Promise<void> {
    mustFit(bytes, this.writeRingBytes);
    await this.#asWriter(async () => {
      await this.#untilSpace(bytes.length, 0, bytes.length, signal);
      if (bytes.length > 0) await this.#engine.put(bytes);
    });
  }

  /** As `read`, with what is there: how many bytes, 0 when there are none now, undefined when there never will be. */
  tryRead(into: Uint8Array): number | undefined {
    return this.#tryReceive(into, 1);
  }

  /** As `recv`, with what is there: whether it did, undefined when there never will be enough. */
  tryRecv(into: Uint8Array): boolean | undefined {
    mustFit(into, this.readRingBytes);
    const count = this.#tryReceive(into, into.length);
    return count === undefined ? undefined : count === into.length;
  }

  /** Writes as many of the bytes as there is room for now, and answers how many. Throws `gone` when the other side has left. */
  tryWrite(bytes: Uint8Array): number {
    this.#mustBeFree(this.#isWriting, 'write');
    this.#mustBeOpen(0, bytes.length);
    const count = this.#moves.spaceFor(bytes.length);
    if (count > 0) this.#moves.put(count < bytes.length ? bytes.subarray(0, count) : bytes);
    return count;
  }

  /** Writes all bytes, or none where there is no room for all of them; answers whether it did. Throws as `tryWrite`. */
  trySend(bytes: Uint8Array): boolean {
    mustFit(bytes, this.writeRingBytes);
    this.#mustBeFree(this.#isWriting, 'write');
    this.#mustBeOpen(0, bytes.length);
    if (bytes.length > this.#moves.spaceFor(bytes.length)) return false;
    if (bytes.length > 0) this.#moves.put(bytes);
    return true;
  }

  /** Resolves when so many bytes can be read, or never can any more. Rejects with `input` where the ring is shorter. */
  async readable({ bytes = 1, signal }: EnoughOptions = {}): Promise<void> {
    if (bytes > this.readRingBytes) throw neverFits(bytes, this.readRingBytes);
    await this.#engine.until(VchanNotify.WRITE, () => this.#moves.ready() >= bytes, signal);
  }

  /** Resolves when there is room for so many bytes, or nobody who would read them. Rejects as `readable`. */
  async writable({ bytes = 1, signal }: EnoughOptions = {}): Promise<void> {
    if (bytes > this.writeRingBytes) throw neverFits(bytes, this.writeRingBytes);
    await this.#engine.until(VchanNotify.READ, () => this.#moves.space() >= bytes, signal);
  }

  /** Resolves when the other side is there. Rejects with `gone` when it has left and will not come back. */
  async connected({ signal }: WaitOptions = {}): Promise<void> {
    await this.#engine.sleepUntil(() => this.peer === 'here' || !this.isOpen, signal);
    this.#mustBeOpen(0, 0);
  }

  /** Resolves when the other side has left. */
  peerLeft({ signal }: WaitOptions = {}): Promise<void> {
    return this.#engine.sleepUntil(() => this.peer === 'gone', signal);
  }

  /**
   * Leaves. The other side can still read what was written. Whoever waits here gets `gone`. Rejects when
   * the nodes could not be removed; pages and doorbell are given back all the same. Safe to call twice.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** The program, or its kernel, stops where it is: nothing more is done to the pages, and nobody is told. */
  abandon(reason: string): void {
    if (this.#engine.isOver) return;
    this.#engine.end(new XenscopeError('gone', reason));
    this.#closing = Promise.resolve();
  }

  async #close(): Promise<void> {
    this.#engine.end(new XenscopeError('gone', 'This end of the vchan is closed.'));
    try {
      await this.#engine.leave();
      await this.#parts.removeNodes();
    } finally {
      await this.#parts.release();
    }
  }

  async #receive(into: Uint8Array, least: number, signal: AbortSignal | undefined): Promise<number> {
    if (into.length === 0) return 0;
    for (;;) {
      await this.#engine.until(VchanNotify.WRITE, () => this.#moves.ready() >= least, signal);
      // Looked at first: whoever leaves may have written just before, and that is still to be read.
      const { isOpen } = this;
      const ready = this.#moves.ready();
      if (ready >= least) {
        const part = into.subarray(0, Math.min(ready, into.length));
        await this.#engine.take(part);
        return part.length;
      }
      if (isOpen) continue;
      if (ready > 0) throw unfinishedError(this.#gonePeer, ready, least);
      return 0;
    }
  }

  #tryReceive(into: Uint8Array, least: number): number | undefined {
    this.#mustBeFree(this.#isReading, 'read');
    this.#engine.mustBeOurs();
    if (into.length === 0) return 0;
    const { isOpen } = this;
    const count = this.#moves.readyOf(into.length);
    if (count < least) return isOpen ? 0 : undefined;
    this.#moves.take(count < into.length ? into.subarray(0, count) : into);
    return count;
  }

  async #untilSpace(
    least: number,
    done: number,
    whole: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    do {
      await this.#engine.until(VchanNotify.READ, () => this.#moves.space() >= least, signal);
      this.#mustBeOpen(done, whole);
    } while (this.#moves.space() < least);
  }

  async #asReader<T>(act: () => Promise<T>): Promise<T> {
    this.#mustBeFree(this.#isReading, 'read');
    this.#isReading = true;
    try {
      return await act();
    } finally {
      this.#isReading = false;
    }
  }

  async #asWriter(act: () => Promise<void>): Promise<void> {
    this.#mustBeFree(this.#isWriting, 'write');
    this.#isWriting = true;
    try {
      await act();
    } finally {
      this.#isWriting = false;
    }
  }

  #mustBeFree(isBusy: boolean, what: 'read' | 'write'): void {
    if (!isBusy) return;
    throw new XenscopeError('busy', `Another ${what} at this end of the vchan is under way.`, {
      wayOut: 'Wait for it first.',
    });
  }

  #mustBeOpen(done: number, whole: number): void {
    this.#engine.mustBeOurs();
    if (this.isOpen) return;
    const progress = done > 0 ? `; ${done} of ${whole} bytes were written before` : '';
    throw goneError(this.#gonePeer, progress);
  }

  get #gonePeer(): GonePeer {
    return {
      role: this.#moves.other,
      domid: this.peerDomid,
      farewell: this.farewell ?? 'left',
    };
  }
}

function mustFit(bytes: Uint8Array, ringBytes: number): void {
  if (bytes.length > ringBytes) throw neverFits(bytes.length, ringBytes);
}

function neverFits(bytes: number, ringBytes: number): XenscopeError {
  return new XenscopeError('input', `${bytes} bytes can never lie whole in a ring of ${ringBytes}.`, {
    wayOut: 'Send and read them in pieces, or as a stream.',
  });
}
