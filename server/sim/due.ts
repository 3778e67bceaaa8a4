/** What waits in a world: when it may happen, and what it is when it does. */
import type { Timer } from '../host/clock';
import type { WorldMoveKind } from '../host/worldControl';

/** What a thing is, for whoever steps through a world or keeps its journal. */
export interface What {
  readonly kind: WorldMoveKind;
  /** The domain that it happens to; undefined when to none. */
  readonly domid?: number;
  /** One sentence. Made when it is read. */
  readonly text: string;
  /** Shut while the domain's processors stand still: the thing then waits behind it. */
  readonly gate?: Gate;
}

export interface Due {
  readonly atMs: number;
  readonly what: What;
  readonly run: () => void;
}

/** Keeps what belongs to one domain from happening while it is paused. */
export class Gate {
  isOpen = true;
  /** In the order in which it came due. */
  readonly parked: Due[] = [];
}

/** Ordered by time; of two with the same time the older one comes first. */
export class DueQueue {
  readonly #list: Due[] = [];

  get size(): number {
    return this.#list.length;
  }

  get first(): Due | undefined {
    return this.#list[0];
  }

  add(due: Due): void {
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#list[middle]!.atMs <= due.atMs) low = middle + 1;
      else high = middle;
    }
    this.#list.splice(low, 0, due);
  }

  /** Takes out everything that is due at `nowMs`, in order. */
  takeUntil(nowMs: number): Due[] {
    let count = 0;
    while (count < this.#list.length && this.#list[count]!.atMs <= nowMs) count++;
    return count === 0 ? [] : this.#list.splice(0, count);
  }

  remove(due: Due): boolean {
    return removeFrom(this.#list, due);
  }

  clear(): void {
    this.#list.length = 0;
  }
}

export function removeFrom(list: Due[], due: Due): boolean {
  const place = list.indexOf(due);
  if (place >= 0) list.splice(place, 1);
  return place >= 0;
}

/** What a world's own parts need of its time. */
export interface WorldTime {
  /** How fast it passes; with 0 no timer ends. */
  readonly pace: number;
  /** While it is, nothing happens at all. */
  readonly isHeld: boolean;
  nowMs(): number;
  /** Calls `run` once, `delayMs` of the world's time from now. */
  after(delayMs: number, run: () => void, what?: What): Timer;
  /** Calls `run` once, later but at this moment of the world's time, at whatever pace. */
  soon(run: () => void, what: What): Timer;
  /** Lets what waited behind the gate go on. */
  open(gate: Gate): void;
}
