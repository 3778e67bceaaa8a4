/** Finds the request that a reply answers, and how long it took. */
import type { JournalEntry } from './journalEntry';

/** Requests without a reply that are remembered; the oldest is forgotten first. */
export const maxOpenRequests = 4_096;

export interface Pair {
  readonly requestN: number;
  readonly latencyMs: number;
}

interface OpenRequest {
  readonly n: number;
  readonly timeMs: number;
}

/**
 * Show it every entry in order. Servers answer in the order of the requests, and clients may use one
 * req_id for several: a reply belongs to the oldest open request of its source with its req_id.
 */
export class Pairing {
  readonly #open = new Map<string, OpenRequest[]>();
  #openCount = 0;

  /** Requests that were seen and have no reply yet. */
  get openRequests(): number {
    return this.#openCount;
  }

  /** The request of a reply; undefined for everything else, and where the request was not seen. */
  see(entry: JournalEntry): Pair | undefined {
    if (
      entry.kind === 'closed' ||
      entry.kind === 'restarted' ||
      entry.kind === 'reset' ||
      entry.kind === 'gone'
    ) {
      this.#forgetSource(entry.source);
    }
    if (entry.kind !== 'message' || entry.role === 'event' || entry.bytes.length < 8) return undefined;
    const key = `${entry.source}\0${reqIdOf(entry.bytes)}`;
    if (entry.role === 'request') {
      this.#add(key, { n: entry.n, timeMs: entry.timeMs });
      return undefined;
    }
    const open = this.#open.get(key);
    const request = open?.shift();
    if (!open || !request) return undefined;
    this.#openCount--;
    if (open.length === 0) this.#open.delete(key);
    return { requestN: request.n, latencyMs: Math.max(0, entry.timeMs - request.timeMs) };
  }

  #add(key: string, request: OpenRequest): void {
    const open = this.#open.get(key);
    if (open) open.push(request);
    else this.#open.set(key, [request]);
    this.#openCount++;
    if (this.#openCount <= maxOpenRequests) return;
    const [oldestKey, oldest] = this.#open.entries().next().value!;
    oldest.shift();
    this.#openCount--;
    if (oldest.length === 0) this.#open.delete(oldestKey);
  }

  #forgetSource(source: string): void {
    for (const [key, open] of this.#open) {
      if (!key.startsWith(`${source}\0`)) continue;
      this.#openCount -= open.length;
      this.#open.delete(key);
    }
  }
}

function reqIdOf(bytes: Uint8Array): number {
  return (bytes[4]! | (bytes[5]! << 8) | (bytes[6]! << 16) | (bytes[7]! << 24)) >>> 0;
}
