/**
 * The live tree of one host: remembers which directories and rows somebody looks at, and turns the
 * events of the one root watch into coalesced changes of exactly those (docs/decisions/0005).
 *
 * The work per event is a lookup in a set. Requests go out per batch, at most 20 batches a second,
 * each dirty row read once however many events named it.
 */
import { XenscopeError, isStoreError } from '../host/errors';
import type { Clock, Timer } from '../host/clock';
import type { RequestOptions, StoreClient } from '../host/storeClient';
import { childPath, nodeName, parentPath } from '../wire/xsPath';
import { Dirt } from './dirt';
import type { NameDomain } from './meaning';
import { compareNames } from './naturalOrder';
import { readRow, sameRow } from './nodeRow';
import { type Directory, Observed } from './observed';
import { readMany } from './readMany';
import type { RootFeed } from './rootFeed';
import type { NodePage, NodeRow, TreeChange } from './treeTypes';

export const batchIntervalMs = 50;
/** A lone change shows at once; a transaction's events still come as one batch. */
const firstDelayMs = 5;
export const maxPageRows = 2_000;
/** After `all` the editor asks for its pages again: give it time before the next. */
const afterAllIntervalMs = 500;
/** Rows that are announced as fresh per batch; the list itself says the rest. */
const maxFreshRows = 200;

export interface LiveTreeOptions {
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly feed: RootFeed;
  readonly nameDomain: NameDomain;
  readonly onChanges: (changes: readonly TreeChange[]) => void;
}

/** What one batch finds out. */
interface News {
  readonly changed: Set<string>;
  readonly fresh: string[];
  readonly gone: string[];
}

export class LiveTree {
  readonly #options: LiveTreeOptions;
  readonly #observed = new Observed();
  #dirt = new Dirt();
  #timer: Timer | undefined;
  #flushing = false;
  #nextFlushMs = 0;
  #closed = false;

  constructor(options: LiveTreeOptions) {
    this.#options = options;
    options.feed.add({ onPath: (path) => this.#onPath(path), onResync: () => this.startAnew() });
  }

  /** One page of a directory's rows; the directory and these rows are observed from now on. */
  async children(path: string, offset: number, limit: number, options?: RequestOptions): Promise<NodePage> {
    // Observed before it is listed: a change in between makes a change message, never a lost row.
    const directory = this.#observed.open(path);
    if (await this.#list(path, directory, options)) {
      // Another page of this directory may be on screen, and its reader must hear of it too.
      this.#dirt.changed.add(path);
      this.#schedule();
    }
    const total = directory.names!.length;
    const names = directory.names!.slice(offset, offset + Math.min(limit, maxPageRows));
    for (const name of names) if (!directory.shown.has(name)) directory.shown.set(name, undefined);
    this.#dirt.lookAgain();
    await readMany(names, (name) => this.#readPageRow(path, directory, name), options?.signal);
    // We told that it is gone, or everything is: this page would look fresh and be observed by nobody.
    if (directory.isLost) return this.children(path, offset, limit, options);
    // Not what we read ourselves: a batch may have read and sent a newer row meanwhile.
    const rows = names.map((name) => directory.shown.get(name)).filter((row) => row !== undefined);
    return { rows, total };
  }

  unobserve(paths: readonly string[]): void {
    for (const path of paths) this.#observed.close(path);
  }

  /** Undefined when the node does not exist. Does not observe anything. */
  row(path: string, options?: RequestOptions): Promise<NodeRow | undefined> {
    return this.#read(path, options);
  }

  /** Domains got other names: rows that show one are read again. */
  domainsChanged(): void {
    for (const [path, { shown }] of this.#observed.entries) {
      for (const [name, row] of shown) {
        if (row?.meaning?.kind === 'domain') this.#dirt.rows.set(childPath(path, name), false);
      }
    }
    this.#schedule();
  }

  /** Changes got lost on their way: the editor has to ask for everything again. */
  startAnew(): void {
    this.#dirt.all = true;
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  /** ---- reading ---- */

  /** Lists a directory anew; true when it had been listed before and the names are others now. */
  async #list(path: string, directory: Directory, options?: RequestOptions): Promise<boolean> {
    directory.listings++;
    try {
      const names = await this.#options.store.directory(path, options);
      return directory.relist(names.sort(compareNames));
    } catch (error) {
      if (directory.names === undefined && this.#observed.get(path) === directory) this.#observed.close(path);
      throw error;
    } finally {
      directory.listings--;
      this.#dirt.lookAgain();
    }
  }

  async #readPageRow(path: string, directory: Directory, name: string): Promise<void> {
    const before = directory.shown.get(name);
    const row = await this.#read(childPath(path, name));
    // A batch that read the row after an event knows better than we.
    if (!directory.shown.has(name) || directory.shown.get(name) !== before) return;
    if (row) directory.shown.set(name, row);
    else this.#vanished(directory, name);
  }

  #vanished(directory: Directory, name: string): void {
    directory.vanished(name);
    this.#dirt.lookAgain();
  }

  #read(path: string, options?: RequestOptions): Promise<NodeRow | undefined> {
    return readRow(this.#options.store, path, this.#options.nameDomain, options);
  }

  /** ---- batches ---- */

  #onPath(path: string): void {
    this.#dirt.onPath(path, this.#observed);
    if (!this.#dirt.isEmpty) this.#schedule();
  }

  #schedule(): void {
    if (this.#timer || this.#flushing || this.#closed) return;
    const { clock } = this.#options;
    const delayMs = Math.max(firstDelayMs, this.#nextFlushMs - clock.nowMs());
    this.#timer = clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const dirt = this.#dirt;
    this.#dirt = new Dirt();
    this.#flushing = true;
    this.#nextFlushMs = this.#options.clock.nowMs() + batchIntervalMs;
    try {
      const changes = dirt.all ? this.#everything() : await this.#changesOf(dirt);
      if (changes.length > 0 && !this.#closed) this.#options.onChanges(changes);
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      // The store went away in the middle: when it is back, the feed reports a resync. Otherwise it
      // is flooded with requests, and what this batch would have told has to be asked for.
      if (!['away', 'interrupted', 'cancelled'].includes(error.code)) this.#dirt.all = true;
    } finally {
      this.#flushing = false;
    }
    if (!this.#dirt.isEmpty) this.#schedule();
  }

  #everything(): TreeChange[] {
    this.#nextFlushMs += afterAllIntervalMs - batchIntervalMs;
    this.#observed.loseAll();
    return [{ kind: 'all' }];
  }

  async #changesOf(dirt: Dirt): Promise<TreeChange[]> {
    const news: News = { changed: dirt.changed, fresh: [], gone: [] };
    await readMany(dirt.listsAmong(this.#observed), (path) => this.#compareList(path, news));
    const rows = await readMany([...dirt.rows], ([path, own]) => this.#compareRow(path, own, news));
    const freshRows = await readMany(news.fresh.slice(0, maxFreshRows), (path) => this.#read(path));
    const changed = [...news.changed].filter((path) => this.#observed.get(path));
    return [
      ...rows.filter((row) => row !== undefined).map((row) => ({ kind: 'row', row, fresh: false }) as const),
      ...freshRows
        .filter((row) => row !== undefined)
        .map((row) => ({ kind: 'row', row, fresh: true }) as const),
      ...news.gone.map((path) => ({ kind: 'gone', path }) as const),
      ...changed.map((path) => ({ kind: 'children', path }) as const),
    ];
  }

  async #compareList(path: string, news: News): Promise<void> {
    const directory = this.#observed.get(path);
    // Its first page is still being read, by somebody who will have the newest list.
    if (directory?.names === undefined) return;
    const before = directory.known;
    try {
      if (!(await this.#list(path, directory))) return;
    } catch (error) {
      if (!(error instanceof XenscopeError && error.storeError)) throw error;
      if (!isStoreError(error, 'ENOENT')) news.changed.add(path);
      else if (this.#observed.get(path) === directory) {
        this.#observed.lose(path);
        news.gone.push(path);
      }
      return;
    }
    news.changed.add(path);
    for (const name of directory.names) if (!before.has(name)) news.fresh.push(childPath(path, name));
  }

  /**
   * The row as it is now: when the event was its own (its permissions may have changed, or its
   * value beyond what a row shows), or when it looks different from what was last sent.
   */
  async #compareRow(path: string, own: boolean, news: News): Promise<NodeRow | undefined> {
    const row = await this.#read(path);
    const parent = parentPath(path)!;
    const name = nodeName(path);
    const directory = this.#observed.get(parent);
    if (!directory) return undefined;
    if (!row) {
      if (directory.known.has(name)) news.changed.add(parent);
      // `names` is replaced by the listing that `children` brings about.
      this.#vanished(directory, name);
      return undefined;
    }
    if (!directory.shown.has(name)) {
      // Gone when its page was read, and here again.
      if (!directory.known.has(name)) news.changed.add(parent);
      return undefined;
    }
    const before = directory.shown.get(name);
    directory.shown.set(name, row);
    return own || !before || !sameRow(before, row) ? row : undefined;
  }
}
