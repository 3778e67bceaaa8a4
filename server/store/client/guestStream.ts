/**
 * A guest's connection on its ring that keeps count of what it asked and what it was answered: a
 * ring has no end of connection, so whatever is still owed to this one would come to the next.
 */
import { XS_HEADER_BYTES, XsType } from '../../wire/xsMessage';
import { RingStream } from '../ring/ringStream';

export class GuestStream extends RingStream {
  readonly #asked = new MessageCount();
  readonly #answered = new MessageCount();

  override write(bytes: Buffer): boolean {
    if (!this.isEnded) this.#asked.pass(bytes);
    return super.write(bytes);
  }

  /** Counts after the end as well: what the ring's end had taken by then, nobody gets again. */
  override deliver(bytes: Buffer): void {
    this.#answered.pass(bytes);
    super.deliver(bytes);
  }

  /** Whether every request was answered, and no message stopped half way in either direction. */
  get isEven(): boolean {
    const [asked, answered] = [this.#asked, this.#answered];
    return asked.isWhole && answered.isWhole && asked.messages === answered.messages;
  }
}

/** Counts the messages in a stream of bytes, watch events aside: those answer nothing. */
class MessageCount {
  messages = 0;
  /** Of a header that came in pieces. */
  readonly #header = Buffer.alloc(XS_HEADER_BYTES);
  #headerBytes = 0;
  #type = 0;
  #payloadLeft = 0;
  #isInPayload = false;

  get isWhole(): boolean {
    return this.#headerBytes === 0 && !this.#isInPayload;
  }

  pass(bytes: Buffer): void {
    for (let at = 0; ;) {
      if (!this.#isInPayload) {
        at = this.#passHeader(bytes, at);
        if (!this.#isInPayload) return;
      }
      const taken = Math.min(this.#payloadLeft, bytes.length - at);
      at += taken;
      this.#payloadLeft -= taken;
      if (this.#payloadLeft > 0) return;
      this.#isInPayload = false;
      if (this.#type !== XsType.WATCH_EVENT) this.messages++;
    }
  }

  /** Answers where the header ends. One that lies there whole, as nearly all do, is read where it lies. */
  #passHeader(bytes: Buffer, at: number): number {
    const end = at + XS_HEADER_BYTES - this.#headerBytes;
    if (this.#headerBytes === 0 && end <= bytes.length) {
      this.#read(bytes, at);
      return end;
    }
    this.#headerBytes += bytes.copy(this.#header, this.#headerBytes, at, end);
    if (this.#headerBytes < XS_HEADER_BYTES) return bytes.length;
    this.#headerBytes = 0;
    this.#read(this.#header, 0);
    return end;
  }

  #read(header: Buffer, at: number): void {
    this.#type = header.readUInt32LE(at);
    this.#payloadLeft = header.readUInt32LE(at + 12);
    this.#isInPayload = true;
  }
}
