/** Something that a guest does now and then for as long as a device is connected. */
import type { Timer } from '../../host/clock';
import type { Domain } from '../domain';

export class Traffic {
  #timer: Timer | undefined;

  constructor(
    private readonly domain: Domain,
    private readonly everyMs: { readonly least: number; readonly most: number },
    private readonly act: () => void,
  ) {}

  /** The first time is soon, so that a device that has just connected is seen to be alive. */
  start(): void {
    this.#wait(1000, 5000);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #wait(leastMs: number, mostMs: number): void {
    const { domain } = this;
    const { signal } = domain;
    this.#timer = domain.after(domain.random.between(leastMs, mostMs), () => {
      // A kernel that has stopped does nothing more, whatever it had in mind.
      if (signal.aborted) return;
      this.act();
      this.#wait(this.everyMs.least, this.everyMs.most);
    });
  }
}
