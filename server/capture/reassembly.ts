/**
 * Cuts one direction of a connection into messages. While it is in step the headers say where the
 * next message begins. After a gap, or when it comes in the middle, it searches: it keeps what comes
 * until a run of plausible messages shows, says how many bytes were lost up to there, and goes on.
 */
import { XS_HEADER_BYTES, XS_PAYLOAD_MAX_BYTES } from '../wire/xsMessage';
import { couldBeMessage, longestRun, type StreamRole } from './plausible';

/** Two messages of the greatest length: what lies in it while searching. The older half goes first. */
const maxHeldBytes = 2 * (XS_HEADER_BYTES + XS_PAYLOAD_MAX_BYTES);

export interface ReassemblyListener {
  /** A whole message with its header, valid during the call. `isSure`: none of its bytes is doubtful. */
  message(bytes: Uint8Array, start: number, end: number, isSure: boolean): void;
  /** So many bytes of the stream belong to no message that could be put together. */
  lost(bytes: number, reason: LossReason): void;
}

/** `gap`: they passed unseen. `middle`: parts of messages around a gap. `garbage`: they are no messages. `restart`: half a message was given up. */
export type LossReason = 'gap' | 'middle' | 'garbage' | 'restart';

export interface ReassemblyOptions {
  readonly role: StreamRole;
  readonly listener: ReassemblyListener;
  /** The stream begins with a message, as a new connection does. */
  readonly isAtBoundary: boolean;
}

export class Reassembly {
  readonly #role: StreamRole;
  readonly #listener: ReassemblyListener;
  /** The start of a message, or what is searched. */
  #held = new Uint8Array(0);
  #heldBytes = 0;
  #isHeldSure = true;
  #isSearching: boolean;
  /** It is only likely that a message begins here: the first one has to be plausible. */
  #isUnproven = false;
  /** Why it searches: what is skipped is called so. */
  #skipReason: LossReason = 'middle';

  constructor({ role, listener, isAtBoundary }: ReassemblyOptions) {
    this.#role = role;
    this.#listener = listener;
    this.#isSearching = !isAtBoundary;
  }

  get isSearching(): boolean {
    return this.#isSearching;
  }

  /** Bytes of a message that is not whole yet, or of what is searched. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The first of the held bytes, up to `maxBytes` of them: a copy. */
  held(maxBytes: number): Uint8Array {
    return this.#held.slice(0, Math.min(maxBytes, this.#heldBytes));
  }

  /** Whether these bytes are exactly one message, and nothing is held or searched: then it need not be put together. */
  isOneMessage(bytes: Uint8Array, start: number, end: number): boolean {
    return (
      this.#heldBytes === 0 &&
      !this.#isSearching &&
      !this.#isUnproven &&
      end - start >= XS_HEADER_BYTES &&
      lengthWord(bytes, start) === end - start - XS_HEADER_BYTES &&
      end - start <= XS_HEADER_BYTES + XS_PAYLOAD_MAX_BYTES
    );
  }

  push(bytes: Uint8Array, start: number, end: number, isSure = true): void {
    const isFree = !this.#isSearching && this.#heldBytes === 0;
    for (let at = isFree ? this.#cut(bytes, start, end, isSure) : start; at < end;) {
      const room = this.#isSearching ? maxHeldBytes - this.#heldBytes : this.#missing();
      const length = Math.min(room, end - at);
      this.#hold(bytes, at, at + length, isSure);
      at += length;
      if (this.#isSearching) this.#search();
      else this.#cutHeld();
    }
  }

  /** `bytes` of the stream were not seen. */
  gap(bytes: number): void {
    this.#giveUp('middle');
    this.#listener.lost(bytes, 'gap');
    this.#isSearching = true;
    this.#skipReason = 'middle';
  }

  /**
   * Everything that was written has been read, and nothing comes: a message most likely ended here.
   * Ends a search, as long as what comes next agrees.
   */
  rest(): void {
    if (!this.#isSearching) return;
    this.#giveUp(this.#skipReason);
    this.#isSearching = false;
    this.#isUnproven = true;
  }

  /** The stream begins anew with a message. */
  restart(): void {
    this.#giveUp('restart');
    this.#isSearching = false;
    this.#isUnproven = false;
  }

  #giveUp(reason: LossReason): void {
    if (this.#heldBytes > 0) this.#listener.lost(this.#heldBytes, reason);
    this.#heldBytes = 0;
    this.#isHeldSure = true;
  }

  /** Hands on the whole messages and answers where the first unfinished one begins. */
  #cut(bytes: Uint8Array, start: number, end: number, isSure: boolean): number {
    let at = start;
    while (end - at >= XS_HEADER_BYTES) {
      const payloadBytes = lengthWord(bytes, at);
      const isStrange = this.#isUnproven && !couldBeMessage(bytes, at, end, this.#role);
      if (isStrange || payloadBytes > XS_PAYLOAD_MAX_BYTES) {
        this.#isSearching = true;
        this.#skipReason = 'garbage';
        break;
      }
      const next = at + XS_HEADER_BYTES + payloadBytes;
      if (next > end) break;
      this.#isUnproven = false;
      this.#listener.message(bytes, at, next, isSure);
      at = next;
    }
    return at;
  }

  /** How many bytes the held beginning needs before more can be told. */
  #missing(): number {
    if (this.#heldBytes < XS_HEADER_BYTES) return XS_HEADER_BYTES - this.#heldBytes;
    return XS_HEADER_BYTES + lengthWord(this.#held, 0) - this.#heldBytes;
  }

  #cutHeld(): void {
    const rest = this.#cut(this.#held, 0, this.#heldBytes, this.#isHeldSure);
    this.#drop(rest);
  }

  #search(): void {
    if (this.#heldBytes < XS_HEADER_BYTES) return;
    const run = longestRun(this.#held, 0, this.#heldBytes, this.#role);
    if (run.whole > 0) {
      if (run.start > 0) this.#listener.lost(run.start, this.#skipReason);
      this.#isSearching = false;
      const rest = this.#cut(this.#held, run.start, this.#heldBytes, this.#isHeldSure);
      this.#drop(rest);
    } else if (this.#heldBytes === maxHeldBytes) {
      this.#listener.lost(maxHeldBytes / 2, this.#skipReason);
      this.#drop(maxHeldBytes / 2);
    }
  }

  #hold(bytes: Uint8Array, start: number, end: number, isSure: boolean): void {
    const needed = this.#heldBytes + end - start;
    if (needed > this.#held.length) {
      const grown = new Uint8Array(Math.min(maxHeldBytes, Math.max(256, 2 * needed)));
      grown.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = grown;
    }
    this.#held.set(bytes.subarray(start, end), this.#heldBytes);
    this.#heldBytes = needed;
    this.#isHeldSure &&= isSure;
  }

  #drop(bytes: number): void {
    this.#held.copyWithin(0, bytes, this.#heldBytes);
    this.#heldBytes -= bytes;
    if (this.#heldBytes === 0) this.#isHeldSure = true;
  }
}

/** The len of the header at `at`. */
function lengthWord(bytes: Uint8Array, at: number): number {
  return (bytes[at + 12]! | (bytes[at + 13]! << 8) | (bytes[at + 14]! << 16) | (bytes[at + 15]! << 24)) >>> 0;
}
