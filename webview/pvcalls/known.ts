/** What is known of a device: its sockets and its calls, put together from the frames that tell what is new. */
import type {
  PvCallsCallRow,
  PvCallsDeviceFrame,
  PvCallsDeviceState,
  PvCallsSocketRow,
} from '../../server/rpc/api';

/** Answered calls that are kept; the oldest is forgotten first. */
export const maxCalls = 1_000;

export class Known {
  readonly #sockets = new Map<string, PvCallsSocketRow>();
  #calls: PvCallsCallRow[] = [];
  #state: PvCallsDeviceState | undefined;

  /** Undefined before the first frame. */
  get state(): PvCallsDeviceState | undefined {
    return this.#state;
  }

  get sockets(): readonly PvCallsSocketRow[] {
    return [...this.#sockets.values()];
  }

  /** Those that were answered, the newest first. */
  get calls(): readonly PvCallsCallRow[] {
    return [...this.#calls].reverse();
  }

  /** Older calls, which are not here any more: calls are counted from 1. */
  get callsLeftOut(): number {
    const [oldest] = this.#calls;
    if (!oldest) return this.#state?.callsLeftOut ?? 0;
    const waiting = this.#state?.inFlight.filter(({ n }) => n < oldest.n).length ?? 0;
    return oldest.n - 1 - waiting;
  }

  socket(key: string): PvCallsSocketRow | undefined {
    return this.#sockets.get(key);
  }

  take({ state, whole, sockets, moved, gone, calls }: PvCallsDeviceFrame): void {
    this.#state = state;
    if (whole) {
      this.#sockets.clear();
      this.#calls = [];
    }
    for (const row of sockets) this.#sockets.set(row.key, row);
    for (const { key, in: into, out } of moved) {
      const row = this.#sockets.get(key);
      if (!row) continue;
      this.#sockets.set(key, {
        ...row,
        ...(row.in && into && { in: { ...row.in, ...into } }),
        ...(row.out && out && { out: { ...row.out, ...out } }),
      });
    }
    for (const key of gone) this.#sockets.delete(key);
    this.#calls.push(...calls);
    const over = this.#calls.length - maxCalls;
    if (over > 0) this.#calls.splice(0, over);
  }
}
