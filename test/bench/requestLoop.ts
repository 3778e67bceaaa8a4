/** One connection that keeps equal requests in flight: the next one goes out when a reply came. */
import { XS_HEADER_BYTES, XS_PAYLOAD_MAX_BYTES, xsMessageEnd } from '../../server/wire/xsMessage';
import type { ByteStream, ByteStreamHandlers, Dial } from '../../server/store/byteStream';
import type { Measure } from './guestMeasure';

export interface RequestLoopOptions {
  readonly request: Buffer;
  /** The payload of every reply. */
  readonly expected: Buffer;
  readonly depth: number;
  readonly measure: Measure;
}

export class RequestLoop implements ByteStreamHandlers {
  /** `batches[n]`: n requests as one piece, so that many replies cost one write. */
  readonly #batches: readonly Buffer[];
  readonly #sentAtMs: Float64Array;
  #answered = 0;
  #stream!: ByteStream;
  #rest = Buffer.alloc(0);

  constructor(private readonly options: RequestLoopOptions) {
    const { request, depth } = options;
    this.#batches = Array.from({ length: depth + 1 }, (_, n) =>
      Buffer.concat(Array<Buffer>(n).fill(request)),
    );
    this.#sentAtMs = new Float64Array(depth);
  }

  async start(dial: Dial): Promise<void> {
    this.#stream = await dial(this);
    this.#sentAtMs.fill(performance.now());
    this.#stream.write(this.#batches[this.options.depth]!);
  }

  onData(bytes: Buffer): void {
    const { expected, measure, depth } = this.options;
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const nowMs = performance.now();
    let at = 0;
    let replies = 0;
    for (;;) {
      const end = xsMessageEnd(all, at, XS_PAYLOAD_MAX_BYTES);
      if (end > all.length) break;
      const isRight = expected.compare(all, at + XS_HEADER_BYTES, end) === 0;
      const slot = this.#answered++ % depth;
      measure.note(nowMs - this.#sentAtMs[slot]!, isRight);
      this.#sentAtMs[slot] = nowMs;
      replies++;
      at = end;
    }
    this.#rest = at === all.length ? Buffer.alloc(0) : Buffer.from(all.subarray(at));
    if (replies > 0) this.#stream.write(this.#batches[replies]!);
  }

  onDrain(): void {}

  onClose(reason = 'The server ended the connection.'): void {
    throw new Error(reason);
  }
}
