/**
 * Streams of sockets that were released while bytes of theirs were still on the way: they are finished, not
 * cut off, even if the device goes meanwhile, as a guest does that has said its last. A network whose other side
 * reads nothing would keep them for ever.
 */
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../host/clock';

const maxLingering = 256;
const lingerMs = 30_000;

export class Lingering {
  readonly #clock: Clock;
  readonly #streams = new Map<Duplex, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the stream when all is written, reads no more of it, and cuts it off at the latest after `lingerMs`. */
  finish(stream: Duplex): void {
    if (stream.destroyed) return;
    this.#streams.set(
      stream,
      this.#clock.after(lingerMs, () => stream.destroy()),
    );
    stream.once('close', () => this.#forget(stream));
    stream.resume();
    stream.end();
    if (this.#streams.size <= maxLingering) return;
    const [oldest] = this.#streams.keys();
    oldest!.destroy();
    this.#forget(oldest!);
  }

  #forget(stream: Duplex): void {
    this.#streams.get(stream)?.cancel();
    this.#streams.delete(stream);
  }
}
