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
  readonly #header = Buffer.alloc(XS_HEADER_BYTES);
  #headerBytes = 0;
  #payloadLeft = 0;

  get isWhole(): boolean {
    return this.#headerBytes === 0;
  }

  pass(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#headerBytes < XS_HEADER_BYTES) {
        const taken = bytes.copy(
          this.#header,
          this.#headerBytes,
          at,
          at + XS_HEADER_BYTES - this.#headerBytes,
        );
        at += taken;
        this.#headerBytes += taken;
        if (this.#headerBytes < XS_HEADER_BYTES) return;
        this.#payloadLeft = this.#header.readUInt32LE(12);
      }
      const taken = Math.min(this.#payloadLeft, bytes.length - at);
      at += taken;
      this.#payloadLeft -= taken;
      if (this.#payloadLeft > 0) return;
      this.#headerBytes = 0;
      if (this.#header.readUInt32LE(0) !== XsType.WATCH_EVENT) this.messages++;
    }
  }
}
