/**
 * One client of the store: takes messages out of its stream of bytes, admits and dispatches them,
 * and hands on what there is to say. Knows a ByteStream, no sockets.
 *
 * Admission may wait (the client does not read, or a quota of its domain says so); then its bytes wait
 * in the backlog and the stream is paused. The dispatch of an admitted request is synchronous.
 */
import {
  XS_HEADER_BYTES,
  XS_PAYLOAD_MAX_BYTES,
  XS_TOO_LONG,
  XsType,
  xsMessageEnd,
} from '../../wire/xsMessage';
import { XS_RING_BYTES } from '../../wire/xsRing';
import type { ByteStream, ByteStreamHandlers, CloseCause } from '../byteStream';
import { Failure } from '../failure';
import { dispatch } from '../operations/table';
import { limits } from '../quotas';
import { Session, type SessionOptions } from '../session';
import type { StoreCore } from '../storeCore';
import { initialEventPath } from '../watches/watchTable';
import type { ConnectionSet } from './connectionSet';
import { GuestLimits, type GuestLimitsOptions } from './guestLimits';
import { OutputQueue } from './outputQueue';

const nothing = Buffer.alloc(0);
/** Handed on to a guest's stream at once; what its ring does not take yet can still be dropped in time. */
const GUEST_WRITE_BYTES = XS_RING_BYTES;

export class Connection implements ByteStreamHandlers {
  readonly session: Session;
  readonly #output = new OutputQueue();
  /** Undefined for who is privileged. */
  readonly #guest: GuestLimits | undefined;
  #stream: ByteStream | undefined;
  #writeNow: ByteStream['writeNow'];
  /** Bytes that came and were not dispatched: the start of a message, or what waits for admission. */
  #backlog: Buffer = nothing;
  #streamIsFull = false;
  #piledBytes = 0;
  #isPaused = false;
  #isClosed = false;

  constructor(
    private readonly core: StoreCore,
    private readonly all: ConnectionSet,
    who: Pick<SessionOptions, 'domain' | 'domid' | 'privileged'>,
  ) {
    this.session = new Session(core, {
      ...who,
      sendEvent: (path, token) => this.#sendEvent(path, token),
      disconnect: (reason) => this.cutOff(reason),
    });
    core.sessions.add(this.session);
    const { account } = this.session;
    if (account) this.#guest = new GuestLimits(this.#guestOptions(), account);
  }

  #guestOptions(): GuestLimitsOptions {
    return {
      session: this.session,
      output: this.#output,
      // Not within the call: somebody else's request may be under way.
      goOn: () => this.all.mayGoOn(this),
      onDrop: () => {
        this.#notePile();
        this.all.mayGoOn(this);
      },
    };
  }

  /** Before that nothing is read or written. */
  open(stream: ByteStream): void {
    this.#stream = stream;
    this.#writeNow = stream.writeNow?.bind(stream);
    this.all.add(this);
  }

  onData(bytes: Buffer): void {
    const whole = this.#backlog.length === 0 ? bytes : Buffer.concat([this.#backlog, bytes]);
    this.#backlog = nothing;
    this.#work(whole, whole === bytes);
  }

  onDrain(): void {
    this.#streamIsFull = false;
    this.flush();
    if (!this.#streamIsFull) this.#guest?.unstuck();
    this.all.flushOthers();
    this.goOn();
  }

  /** What the next request waited for may be there. */
  goOn(): void {
    const waiting = this.#backlog;
    this.#backlog = nothing;
    if (!this.#isClosed) this.#work(waiting, false);
  }

  /** Dispatches all whole messages in `bytes` that are admitted, and keeps the rest. */
  #work(bytes: Buffer, isBorrowed: boolean): void {
    let offset = 0;
    let waits = false;
    while (!this.#isClosed) {
      const end = xsMessageEnd(bytes, offset, XS_PAYLOAD_MAX_BYTES);
      if (end === XS_TOO_LONG) {
        this.flush();
        this.cutOff(`a message announces more than ${XS_PAYLOAD_MAX_BYTES} bytes of payload`, 'protocol');
        break;
      }
      if (end > bytes.length) break;
      if (!this.#admits()) {
        waits = true;
        break;
      }
      this.#dispatch(bytes, offset, end);
      offset = end;
    }
    if (!this.#isClosed) {
      const rest = offset === bytes.length ? nothing : bytes.subarray(offset);
      this.#backlog = isBorrowed && rest.length > 0 ? Buffer.from(rest) : rest;
      this.flush();
      // It waits only while the stream is full, and then onDrain will come, or until the quota calls.
      this.#pauseWhile(waits);
    }
    this.all.flushOthers();
  }

  /** Whether the next request may be dispatched now. The stream of who is privileged must take what is said, no more. */
  #admits(): boolean {
    if (!this.#hasRoom()) {
      this.flush();
      if (this.#streamIsFull) return false;
    }
    return this.#guest === undefined || this.#guest.admits();
  }

  #hasRoom(): boolean {
    if (this.#output.unsentBytes >= limits.outputHighWaterBytes) return false;
    if (!this.#streamIsFull || this.session.privileged) return true;
    const { maxOutstandingReplies } = this.core.quotas;
    return maxOutstandingReplies === 0 || this.#output.unsentReplies < maxOutstandingReplies;
  }

  #dispatch(bytes: Buffer, offset: number, end: number): void {
    const type = bytes.readUInt32LE(offset);
    const reqId = bytes.readUInt32LE(offset + 4);
    const txId = bytes.readUInt32LE(offset + 8);
    const { session } = this;
    const outcome = dispatch(session, type, txId, bytes, offset + XS_HEADER_BYTES, end);
    if (this.#isClosed) return;
    if (outcome instanceof Failure) this.#output.reply(XsType.ERROR, reqId, txId, outcome.payload);
    else this.#output.reply(type, reqId, txId, outcome);
    const { newWatch } = session;
    if (newWatch) {
      session.newWatch = undefined;
      this.#queueEvent(initialEventPath(newWatch), newWatch.token);
    }
  }

  #queueEvent(path: string, token: string): void {
    if (this.#guest) this.#guest.queueEvent(path, token, this.#streamIsFull);
    else this.#output.event(path, token);
  }

  #sendEvent(path: string, token: string): void {
    if (this.#isClosed) return;
    if (this.#output.unsentBytes === 0) this.all.hasOutput(this);
    this.#queueEvent(path, token);
    if (this.#output.unsentBytes < limits.outputHighWaterBytes && !(this.#guest && this.#streamIsFull))
      return;
    this.flush();
    if (this.#output.unsentBytes > this.all.maxUnsentBytes) {
      this.cutOff('it does not read its watch events', 'comm');
    }
  }

  /** Hands on what waits, if the stream takes it. */
  flush(): void {
    if (this.#isClosed || this.#output.unsentBytes === 0) return;
    if (!this.#streamIsFull) this.#handOn();
    this.#notePile();
  }

  #handOn(): void {
    if (!this.#guest) {
      if (!this.#sentNow()) this.#streamIsFull = !this.#stream!.write(this.#output.take());
      return;
    }
    do this.#streamIsFull = !this.#stream!.write(this.#output.takeSome(GUEST_WRITE_BYTES));
    while (!this.#streamIsFull && this.#output.unsentBytes > 0);
  }

  /** Whether the stream took everything at once. */
  #sentNow(): boolean {
    return this.#writeNow !== undefined && this.#output.sendNow(this.#writeNow);
  }

  /** Tells how much waits behind a stream that takes no more. */
  #notePile(): void {
    const piledBytes = this.#streamIsFull ? this.#output.unsentBytes : 0;
    if (piledBytes === this.#piledBytes) return;
    this.all.piledBytes += piledBytes - this.#piledBytes;
    this.#piledBytes = piledBytes;
    this.#guest?.piled(piledBytes);
  }

  #pauseWhile(shouldPause: boolean): void {
    if (shouldPause === this.#isPaused) return;
    this.#isPaused = shouldPause;
    if (shouldPause) this.#stream!.pause();
    else this.#stream!.resume();
  }

  /** Ends this connection, and only this one. */
  cutOff(reason: string, cause?: CloseCause): void {
    if (this.#isClosed) return;
    this.core.log(`The connection of ${this.#whose} is cut off: ${reason}.`);
    this.close(cause);
  }

  close(cause?: CloseCause): void {
    if (this.#isClosed) return;
    this.onClose();
    this.#stream?.close(cause);
  }

  get #whose(): string {
    return this.session.domain ? `domain ${this.session.domid}` : 'a socket client';
  }

  onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#backlog = nothing;
    this.#guest?.close();
    this.all.piledBytes -= this.#piledBytes;
    this.#output.take();
    this.session.reset();
    this.core.sessions.delete(this.session);
    this.all.remove(this);
  }
}
