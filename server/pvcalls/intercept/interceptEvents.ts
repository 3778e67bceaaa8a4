/** What guests asked and what they were answered while somebody intercepts: the last of it. */
import type { CallAsked, InterceptEvent } from '../../host/callInterceptor';
import type { Clock } from '../../host/clock';

/** Older ones are forgotten. */
export const maxInterceptEvents = 1000;

export class InterceptEvents {
  readonly #clock: Clock;
  #events: InterceptEvent[] = [];
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(kind: InterceptEvent['kind'], asked: CallAsked, says: string, ret?: number): void {
    const atMs = this.#clock.nowMs();
    const event = { ...asked, number: ++this.#count, atMs, kind, says, ...(ret !== undefined && { ret }) };
    this.#events.push(event);
    // Several at once, because it moves all that stay.
    if (this.#events.length > maxInterceptEvents * 1.1)
      this.#events = this.#events.slice(-maxInterceptEvents);
  }

  /** Those with a higher number, oldest first. */
  after(number: number): readonly InterceptEvent[] {
    const count = Math.min(this.#count - number, this.#events.length);
    return count <= 0 ? [] : this.#events.slice(-count);
  }
}
