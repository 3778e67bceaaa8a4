/** Bytes and messages per second over about the last two seconds, from counts that only grow. */

const spanMs = 2_000;
/** News come ten times a second at most. */
const maxPoints = 64;

export interface Count {
  readonly bytes: number;
  /** How often something was written, or read: a stream itself has no messages. */
  readonly messages: number;
}

interface Point extends Count {
  readonly timeMs: number;
}

export interface Rate {
  readonly bytesPerSecond: number;
  readonly messagesPerSecond: number;
}

export class Rates {
  private readonly points: Point[] = [];

  add({ bytes, messages }: Count, timeMs: number): void {
    const last = this.points.at(-1);
    // Another count began.
    if (last && (bytes < last.bytes || timeMs < last.timeMs)) this.points.length = 0;
    if (this.points.at(-1)?.timeMs === timeMs) this.points.pop();
    this.points.push({ bytes, messages, timeMs });
    if (this.points.length > maxPoints) this.points.shift();
  }

  now(timeMs: number): Rate {
    const from = timeMs - spanMs;
    // The last point before the span still says what the count was when it began.
    while (this.points.length > 1 && this.points[1]!.timeMs <= from) this.points.shift();
    const [first, last] = [this.points[0], this.points.at(-1)];
    if (!first || !last || last.timeMs <= from) return { bytesPerSecond: 0, messagesPerSecond: 0 };
    const seconds = Math.max(timeMs - Math.max(first.timeMs, from), 250) / 1000;
    return {
      bytesPerSecond: (last.bytes - first.bytes) / seconds,
      messagesPerSecond: (last.messages - first.messages) / seconds,
    };
  }
}
