/** Follows the messages of one direction as far as samples show them, and keeps what waits of them. */
import type { DirectionSampler } from '../../capture/directionSampler';
import type { PageSampler } from '../../capture/pageSampler';
import { Reassembly } from '../../capture/reassembly';
import { indexDistance } from '../../wire/ringIndex';
import { type FollowedStream, seenMessage, type SeenMessage } from './packets';

export class Stream implements FollowedStream {
  readonly reassembly: Reassembly;
  readonly #sampler: DirectionSampler;
  #messages = 0;
  /**
   * Messages that are not wholly consumed. A reader that took a part of one has given that part of the
   * array free: soon its header is overwritten, and nobody could read it there. A ring holds as many as
   * it has room for headers.
   */
  #seen: SeenMessage[] = [];
  /** Where in the stream the reassembly is: free-running, like the indices. */
  #index = 0;
  readonly #push = (bytes: Uint8Array, start: number, end: number, isSure: boolean) =>
    this.reassembly.push(bytes, start, end, isSure);

  constructor(sampler: DirectionSampler) {
    this.#sampler = sampler;
    this.reassembly = new Reassembly({
      role: sampler.layout.producer === 'guest' ? 'request' : 'reply',
      isAtBoundary: false,
      listener: {
        message: (bytes, start, end, isSure) => this.#take(bytes, start, end, isSure),
        lost: (bytes) => this.#skip(bytes),
      },
    });
  }

  get seen(): readonly SeenMessage[] {
    return this.#seen;
  }

  /** Answers how many messages became whole. */
  fold(page: PageSampler): number {
    const { result, unseenBytes, freshBytes, freshFrom, counter } = this.#sampler;
    if (page.isReconnecting || result === 'reset') {
      this.reassembly.restart();
      this.#seen = [];
    }
    if (unseenBytes > 0) this.reassembly.gap(unseenBytes);
    this.#messages = 0;
    if (freshBytes > 0) {
      this.#index = (freshFrom - this.reassembly.heldBytes) >>> 0;
      this.#sampler.eachFresh(page.bytes, this.#push);
    } else if (counter.usedBytes === 0 && result !== 'insane') this.reassembly.rest();
    this.#dropConsumed();
    return this.#messages;
  }

  #take(bytes: Uint8Array, start: number, end: number, isSure: boolean): void {
    this.#messages++;
    if (this.#waitsUpTo((this.#index + end - start) >>> 0))
      this.#seen.push(seenMessage(this.#index, bytes, start, end, isSure));
    this.#index = (this.#index + end - start) >>> 0;
  }

  /** What comes behind a loss does not follow on what was seen before it. */
  #skip(bytes: number): void {
    this.#seen = [];
    this.#index = (this.#index + bytes) >>> 0;
  }

  #dropConsumed(): void {
    const { isInsane } = this.#sampler.counter;
    if (isInsane || this.#seen.length === 0) return;
    const waiting = this.#seen.findIndex(({ index, wholeBytes }) =>
      this.#waitsUpTo((index + wholeBytes) >>> 0),
    );
    if (waiting !== 0) this.#seen = waiting === -1 ? [] : this.#seen.slice(waiting);
  }

  /** Whether bytes before `end` wait, of a message that ends there. */
  #waitsUpTo(end: number): boolean {
    const { prod, usedBytes } = this.#sampler.counter;
    return indexDistance(prod, end) < usedBytes;
  }
}
