/**
 * Knows whether anything still moves inside a world: the bytes between its domains and its store
 * are counted, and the world has settled when several turns of the event loop pass without one.
 */
import type { ByteStreamHandlers, Dial } from '../store/byteStream';
import { heardStream } from './heardStream';

/**
 * A request takes a turn or two to reach the store, its answer as many to come back, and what a
 * guest does with it happens in the same turn.
 */
const quietTurns = 4;

export class Activity {
  #moves = 0;

  /** The same way to the store, with every message on it noted. */
  noted(dial: Dial): Dial {
    return async (handlers: ByteStreamHandlers) => {
      const stream = await dial({
        onData: (bytes) => {
          this.#moves++;
          handlers.onData(bytes);
        },
        onDrain: () => handlers.onDrain(),
        onClose: (reason) => handlers.onClose(reason),
      });
      return heardStream(stream, () => this.#moves++);
    };
  }

  async settled(): Promise<void> {
    let seen = this.#moves;
    for (let quiet = 0; quiet < quietTurns; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#moves === seen) continue;
      seen = this.#moves;
      quiet = -1;
    }
  }
}
