/**
 * What a person's watch reports: each change with its value before and after. Reports that come
 * faster than they can be shown are left out, oldest first, and counted.
 */
import { XenscopeError, isStoreError } from '../host/errors';
import type { Clock, Timer } from '../host/clock';
import type { StoreClient, StoreWatch } from '../host/storeClient';
import { isAtOrBelow } from '../wire/xsPath';
import { nodesOf, walk } from './walk';

export const reportIntervalMs = 50;
export const maxReportsPerBatch = 100;
/** Reads under way for one watch; an event beyond them is left out. */
export const maxPendingReads = 256;
/** Values kept to tell the one before; the node seen longest ago is forgotten first. */
export const maxKeptValues = 5_000;

export interface Report {
  readonly timeMs: number;
  /** Counts the events of this watch from 1, those left out included. */
  readonly count: number;
  readonly path: string;
  readonly oldValue?: Buffer;
  readonly newValue?: Buffer;
  readonly oldUnknown: boolean;
  /** Reports left out since the one before this. */
  readonly dropped: number;
}

export interface WatchLogOptions {
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly path: string;
  readonly onReports: (reports: readonly Report[]) => void;
}

export class WatchLog {
  readonly #options: WatchLogOptions;
  readonly #watch: StoreWatch;
  /** Undefined for a node that was seen not to exist. */
  readonly #values = new Map<string, Buffer | undefined>();
  /** Whether every node below the watched path was seen, so that an unknown one is a new one. */
  #knowsAll = false;
  #outgoing: Report[] = [];
  #pendingReads = 0;
  #turn: Promise<void> = Promise.resolve();
  #count = 0;
  #dropped = 0;
  #timer: Timer | undefined;
  #closed = false;

  /** Resolves when the watch is set and the values before the first change are known. */
  static async open(options: WatchLogOptions): Promise<WatchLog> {
    const log = new WatchLog(options, await options.store.watch(options.path));
    await log.#learnValues();
    void log.#pump();
    return log;
  }

  private constructor(options: WatchLogOptions, watch: StoreWatch) {
    this.#options = options;
    this.#watch = watch;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#watch.close();
  }

  async #learnValues(): Promise<void> {
    const { store, path } = this.#options;
    this.#values.clear();
    this.#knowsAll = false;
    try {
      const root = await walk(store, path, { values: true, perms: false, maxNodes: maxKeptValues });
      for (const node of nodesOf(root)) if (node.value) this.#values.set(node.path, node.value);
      this.#knowsAll = true;
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      // Absent nodes and special names have no value now; a tree too big to know is learnt as it changes.
      this.#knowsAll = isStoreError(error, 'ENOENT') || path.startsWith('@');
    }
  }

  async #pump(): Promise<void> {
    try {
      for await (const event of this.#watch) {
        if (this.#closed) return;
        if (event.kind === 'change') this.#onChange(event.path);
        else if (event.kind === 'resync') await this.#learnValues();
      }
    } catch {
      // Ends with the client, whose state tells why.
    }
  }

  #onChange(path: string): void {
    this.#count++;
    if (this.#pendingReads >= maxPendingReads) {
      this.#dropped++;
      return;
    }
    this.#pendingReads++;
    const event = {
      path,
      count: this.#count,
      timeMs: this.#options.clock.nowMs(),
      dropped: this.#takeDropped(),
    };
    const value = this.#readValue(path);
    // Reported in the order of the events, whichever answer comes first.
    this.#turn = this.#turn.then(async () => {
      const newValue = await value;
      this.#pendingReads--;
      if (!this.#closed) this.#report(event, newValue);
    });
  }

  #report(event: Pick<Report, 'path' | 'count' | 'timeMs' | 'dropped'>, newValue: Buffer | undefined): void {
    const { path } = event;
    const oldUnknown = !this.#values.has(path) && !this.#knowsAll;
    const oldValue = this.#values.get(path);
    this.#keep(path, newValue);
    this.#outgoing.push({ ...event, oldValue, newValue, oldUnknown });
    if (this.#outgoing.length > maxReportsPerBatch) {
      const left = this.#outgoing.shift()!;
      const next = this.#outgoing[0]!;
      this.#outgoing[0] = { ...next, dropped: next.dropped + left.dropped + 1 };
    }
    this.#timer ??= this.#options.clock.after(reportIntervalMs, () => this.#send());
  }

  #keep(path: string, value: Buffer | undefined): void {
    if (value === undefined) {
      // With a node go all below it, and only the topmost has an event.
      for (const known of [...this.#values.keys()]) if (isAtOrBelow(known, path)) this.#values.delete(known);
    }
    this.#values.delete(path);
    this.#values.set(path, value);
    if (this.#values.size <= maxKeptValues) return;
    this.#values.delete(this.#values.keys().next().value!);
    this.#knowsAll = false;
  }

  async #readValue(path: string): Promise<Buffer | undefined> {
    try {
      return await this.#options.store.read(path);
    } catch (error) {
      if (error instanceof XenscopeError) return undefined;
      throw error;
    }
  }

  #takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  #send(): void {
    this.#timer = undefined;
    const reports = this.#outgoing;
    this.#outgoing = [];
    if (reports.length > 0 && !this.#closed) this.#options.onReports(reports);
  }
}
