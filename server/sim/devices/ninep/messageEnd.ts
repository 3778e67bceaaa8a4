/** Whole messages through a pair of byte rings: those that wait go out as there is room, those that come in are put together. */
import { XenscopeError } from '../../../host/errors';
import type { RingWork } from '../../../host/microSteps';
import { NINEP_HEADER_BYTES, ninepHeader } from '../../../wire/ninep/messages';
import type { ByteRingEnd } from '../../../xenbus/rings/byteRingEnd';

export interface MessageEndOptions {
  readonly ring: ByteRingEnd;
  /** What comes may be no longer; whoever sends more breaks the rules. */
  readonly maxMessageBytes: number;
  readonly onMessage: (message: Buffer) => void;
}

export class MessageEnd {
  readonly #options: MessageEndOptions;
  #out: Buffer = Buffer.alloc(0);
  #in: Buffer = Buffer.alloc(0);

  constructor(options: MessageEndOptions) {
    this.#options = options;
  }

  send(message: Buffer): void {
    this.#out = Buffer.concat([this.#out, message]);
  }

  /** While something waits to go out nothing is read: what waits never grows beyond one answer. */
  *work(): RingWork<void> {
    const { ring } = this.#options;
    for (;;) {
      const count = Math.min(this.#out.length, ring.space());
      if (count > 0) {
        const part = this.#out.subarray(0, count);
        this.#out = this.#out.subarray(count);
        yield* ring.put(part);
      } else if (this.#out.length > 0 || !(yield* this.#takeMessage())) return;
    }
  }

  /** Hands over the next message, or takes what there is of it; answers whether there was anything. */
  *#takeMessage(): RingWork<boolean> {
    const { ring, maxMessageBytes, onMessage } = this.#options;
    const header = ninepHeader(this.#in);
    const wanted = header?.sizeBytes ?? NINEP_HEADER_BYTES;
    if (wanted < NINEP_HEADER_BYTES || wanted > maxMessageBytes) {
      throw new XenscopeError(
        'protocol',
        `A message of ${wanted} bytes came, where ${maxMessageBytes} may.`,
        {
          wayOut: 'Have both ends close and connect anew.',
        },
      );
    }
    if (header && this.#in.length >= wanted) {
      const message = this.#in.subarray(0, wanted);
      this.#in = this.#in.subarray(wanted);
      onMessage(message);
      return true;
    }
    // No more than the message needs: the rest waits in the ring, where it is seen.
    const count = Math.min(ring.ready(), wanted - this.#in.length);
    if (count === 0) return false;
    this.#in = Buffer.concat([this.#in, yield* ring.take(count)]);
    return true;
  }
}
