/**
 * What a person's watch reports: each change with its value before and after. Reports that come
 * faster than they can be shown are left out, oldest first, and counted.
 */
import { XenscopeError, isStoreError } from '../host/errors';
import type { Clock, Timer } from '../host/clock';
import type { StoreClient, StoreWatch } from '../host/storeClient';
import { parentPath } from '../wire/xsPath';
import { KeptValues } from './keptValues';
import { nodesOf, walk } from './walk';

export const reportIntervalMs = 50;
export const maxReportsPerBatch = 100;
/** Reads under way for one watch; an event beyond them is left out. */
export const maxPendingReads = 256;
/** Values kept to tell the one before; the node seen longest ago is forgotten first. */
export const maxKeptValues = 5_000;
export const maxKeptBytes = 2 * 1024 * 1024;

/** The connection broke before the answer, which is no news of the node. */
const unanswered = Symbol('unanswered');

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
  /**
   * After a time without news from the store: `perhaps` stands for that time, once, whether or not
   * anything happened in it; `found` for a difference that it left behind.
   */
  readonly missed?: 'perhaps' | 'found';
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
  readonly #values = new KeptValues({ maxValues: maxKeptValues, maxBytes: maxKeptBytes });
  /** Whether every node below the watched path was seen, so that an unknown one is a new one. */
  #knowsAll = false;
  #outgoing: Report[] = [];
  #pendingReads = 0;
  #turn: Promise<void> = Promise.resolve();
  #count = 0;
  #dropped = 0;
  /** The last change that was left out, until a report tells of what was left out. */
  #lastLeftOut: string | undefined;
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

  /** Events were lost, with the connection or because they were too many: says so, and what differs now. */
  async #compareAfterGap(): Promise<void> {
    // What was read before the gap comes first.
    await this.#turn;
    const before = this.#values.copy();
    const knewAll = this.#knowsAll;
    await this.#learnValues();
    if (this.#closed) return;
    const { path, clock } = this.#options;
    const timeMs = clock.nowMs();
    const was = { oldValue: before.get(path), oldUnknown: !before.has(path) && !knewAll };
    this.#add({
      ...this.#nextReport(path, timeMs),
      ...was,
      newValue: this.#values.get(path),
      missed: 'perhaps',
    });
    const differences = this.#differencesFrom(before, knewAll).slice(0, maxReportsPerBatch - 1);
    for (const { path: at, ...values } of differences)
      this.#add({ ...this.#nextReport(at, timeMs), ...values, missed: 'found' });
  }

  /** Topmost removed nodes, and all others whose value is another now; without the watched node itself. */
  #differencesFrom(before: ReadonlyMap<string, Buffer | undefined>, knewAll: boolean) {
    const found: Pick<Report, 'path' | 'oldValue' | 'newValue' | 'oldUnknown'>[] = [];
    for (const [path, newValue] of this.#values) {
      const oldValue = before.get(path);
      if (path === this.#options.path || (newValue && oldValue?.equals(newValue))) continue;
      // In a tree too big to know, a node not seen before says nothing.
      if (before.has(path) || knewAll) found.push({ path, oldValue, newValue, oldUnknown: false });
    }
    if (!this.#knowsAll) return found;
    const gone = [...before].filter(([path, value]) => value && !this.#values.has(path));
    const removed = new Set(gone.map(([path]) => path));
    for (const [path, oldValue] of gone) {
      if (path === this.#options.path || removed.has(parentPath(path) ?? '')) continue;
      found.push({ path, oldValue, newValue: undefined, oldUnknown: false });
    }
    return found;
  }

  #nextReport(path: string, timeMs: number): Pick<Report, 'path' | 'count' | 'timeMs' | 'dropped'> {
    return { path, count: ++this.#count, timeMs, dropped: this.#takeDropped() };
  }

  async #learnValues(): Promise<void> {
    const { store, path } = this.#options;
    this.#values.clear();
    this.#knowsAll = false;
    try {
      const root = await walk(store, path, { values: true, perms: false, maxNodes: maxKeptValues });
      this.#knowsAll = true;
      for (const node of nodesOf(root)) if (node.value) this.#keep(node.path, node.value);
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
        else if (event.kind === 'resync') await this.#compareAfterGap();
      }
    } catch {
      // Ends with the client, whose state tells why.
    }
  }

  #onChange(path: string): void {
    if (this.#pendingReads >= maxPendingReads) {
      this.#count++;
      this.#dropped++;
      this.#lastLeftOut = path;
      return;
    }
    this.#pendingReads++;
    const event = this.#nextReport(path, this.#options.clock.nowMs());
    const value = this.#readValue(path);
    // Reported in the order of the events, whichever answer comes first.
    this.#turn = this.#turn.then(async () => {
      const newValue = await value;
      this.#pendingReads--;
      if (this.#closed) return;
      if (newValue === unanswered) this.#dropped += event.dropped + 1;
      else this.#report(event, newValue);
      this.#tellLastLeftOut();
    });
  }

  /** When nothing comes after it, nobody would hear of the end of what came too fast. */
  #tellLastLeftOut(): void {
    const path = this.#lastLeftOut;
    if (path === undefined || this.#pendingReads > 0) return;
    this.#lastLeftOut = undefined;
    this.#count--;
    this.#dropped--;
    this.#onChange(path);
  }

  #report(event: Pick<Report, 'path' | 'count' | 'timeMs' | 'dropped'>, newValue: Buffer | undefined): void {
    const { path } = event;
    const oldUnknown = !this.#values.has(path) && !this.#knowsAll;
    const oldValue = this.#values.get(path);
    this.#keep(path, newValue);
    this.#add({ ...event, oldValue, newValue, oldUnknown });
  }

  #add(report: Report): void {
    this.#outgoing.push(report);
    if (this.#outgoing.length > maxReportsPerBatch) {
      const left = this.#outgoing.shift()!;
      const next = this.#outgoing[0]!;
      this.#outgoing[0] = { ...next, dropped: next.dropped + left.dropped + 1 };
    }
    this.#timer ??= this.#options.clock.after(reportIntervalMs, () => this.#send());
  }

  #keep(path: string, value: Buffer | undefined): void {
    if (!this.#values.keep(path, value)) this.#knowsAll = false;
  }

  async #readValue(path: string): Promise<Buffer | undefined | typeof unanswered> {
    try {
      return await this.#options.store.read(path);
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      return error.storeError === undefined ? unanswered : undefined;
    }
  }

  #takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#lastLeftOut = undefined;
    return dropped;
  }

  #send(): void {
    this.#timer = undefined;
    const reports = this.#outgoing;
    this.#outgoing = [];
    if (reports.length > 0 && !this.#closed) this.#options.onReports(reports);
  }
}
