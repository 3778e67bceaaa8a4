/** The time in which anybody could act: verdicts go by it, so that a world that is held accuses nobody. */

export interface SeenTime {
  /** Of the host's clock. */
  readonly nowMs: number;
  /** The same without the time in which the world was held. Histories and verdicts go by it. */
  readonly activeMs: number;
}

export class HeldTime {
  readonly #isHeld: () => boolean;
  #last: SeenTime | undefined;
  #heldMs = 0;

  constructor(isHeld: () => boolean) {
    this.#isHeld = isHeld;
  }

  /** The same object as long as the clock says the same. */
  at(nowMs: number): SeenTime {
    if (nowMs === this.#last?.nowMs) return this.#last;
    if (this.#last && this.#isHeld()) this.#heldMs += Math.max(0, nowMs - this.#last.nowMs);
    return (this.#last = { nowMs, activeMs: nowMs - this.#heldMs });
  }
}
