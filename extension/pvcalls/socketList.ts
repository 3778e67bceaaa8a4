/** The sockets of one device, put together from the frames that tell what is new of them. */
import type { PvCallsDeviceFrame, PvCallsSocketRow } from '../../server/rpc/api';

export interface SocketChange {
  /** Sockets came or went. */
  readonly structure: boolean;
  readonly changed: readonly PvCallsSocketRow[];
}

export class SocketList {
  readonly #rows = new Map<string, PvCallsSocketRow>();

  /** In the order in which they were told of. */
  get rows(): readonly PvCallsSocketRow[] {
    return [...this.#rows.values()];
  }

  find(key: string): PvCallsSocketRow | undefined {
    return this.#rows.get(key);
  }

  take({ whole, sockets, moved, gone }: PvCallsDeviceFrame): SocketChange {
    let structure = whole || gone.length > 0;
    if (whole) this.#rows.clear();
    const changed: PvCallsSocketRow[] = [];
    const put = (row: PvCallsSocketRow) => {
      this.#rows.set(row.key, row);
      changed.push(row);
    };
    for (const row of sockets) {
      structure ||= !this.#rows.has(row.key);
      put(row);
    }
    for (const { key, in: into, out } of moved) {
      const row = this.#rows.get(key);
      if (!row) continue;
      put({
        ...row,
        ...(row.in && into && { in: { ...row.in, ...into } }),
        ...(row.out && out && { out: { ...row.out, ...out } }),
      });
    }
    for (const key of gone) this.#rows.delete(key);
    return { structure, changed };
  }
}
