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
import type { NameDomain } from './meaning';
import { compareNames } from './naturalOrder';
import { readRow, sameRow } from './nodeRow';
import { readMany } from './readMany';
import type { RootFeed } from './rootFeed';
import type { NodePage, NodeRow, TreeChange } from './treeTypes';

export const batchIntervalMs = 50;
/** A lone change shows at once; a transaction's events still come as one batch. */
const firstDelayMs = 5;
export const maxObservedDirectories = 5_000;
export const maxPageRows = 2_000;
/** Above this, reading row by row costs more than asking for everything anew. */
export const maxDirtyRows = 5_000;
/** After `all` the editor asks for its pages again: give it time before the next. */
const afterAllIntervalMs = 500;
/** Rows that are announced as fresh per batch; the list itself says the rest. */
const maxFreshRows = 200;
const maxSeenPaths = 20_000;

interface Directory {
  /** All children as of the last listing, in natural order; undefined before the first. */
  names: readonly string[] | undefined;
  known: Set<string>;
  /** Listings under way: until they are done, `known` may lag behind the events. */
  listings: number;
  isLost: boolean;
  /** The rows that were handed out, by name, as they were last sent; undefined while first read. */
  readonly shown: Map<string, NodeRow | undefined>;
}

interface Dirty {
  /** Event paths that were looked at already in this batch. */
  readonly seen: Set<string>;
  /** Rows to read again; true when the event was the row's own, not one of a node below it. */
  readonly rows: Map<string, boolean>;
  /** Directories whose list is to be compared: themselves and the observed ones below. */
  readonly subtrees: Set<string>;
  readonly lists: Set<string>;
  /** Directories whose change of list was seen while a page was read. */
  readonly changed: Set<string>;
  all: boolean;
}

export interface LiveTreeOptions {
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly feed: RootFeed;
  readonly nameDomain: NameDomain;
  readonly onChanges: (changes: readonly TreeChange[]) => void;
}

export class LiveTree {
  readonly #options: LiveTreeOptions;
  readonly #observed = new Map<string, Directory>();
  /** How many observed directories lie at or below a path: whether an event there concerns one. */
  readonly #observedBelow = new Map<string, number>();
  #dirty = cleanSlate();
  #timer: Timer | undefined;
  #flushing = false;
  #nextFlushMs = 0;
  #closed = false;

  constructor(options: LiveTreeOptions) {
    this.#options = options;
    options.feed.add({ onPath: (path) => this.#onPath(path), onResync: () => this.#markAll() });
  }

  /** One page of a directory's rows; the directory and these rows are observed from now on. */
  async children(path: string, offset: number, limit: number, options?: RequestOptions): Promise<NodePage> {
    // Observed before it is listed: a change in between makes a change message, never a lost row.
    const directory = this.#observe(path);
    if (await this.#list(path, directory, options)) {
      // Another page of this directory may be on screen, and its reader must hear of it too.
      this.#dirty.changed.add(path);
      this.#schedule();
    }
    const total = directory.names!.length;
    const names = directory.names!.slice(offset, offset + Math.min(limit, maxPageRows));
    for (const name of names) if (!directory.shown.has(name)) directory.shown.set(name, undefined);
    this.#dirty.seen.clear();
    await readMany(names, (name) => this.#readPageRow(path, directory, name), options?.signal);
    // We told that it is gone, or everything is: this page would look fresh and be observed by nobody.
    if (directory.isLost) return this.children(path, offset, limit, options);
    // Not what we read ourselves: a batch may have read and sent a newer row meanwhile.
    const rows = names.map((name) => directory.shown.get(name)).filter((row) => row !== undefined);
    return { rows, total };
  }

  unobserve(paths: readonly string[]): void {
    for (const path of paths) this.#forget(path);
  }

  /** Undefined when the node does not exist. Does not observe anything. */
  row(path: string, options?: RequestOptions): Promise<NodeRow | undefined> {
    return this.#read(path, options);
  }

  /** Domains got other names: rows that show one are read again. */
  domainsChanged(): void {
    for (const [path, { shown }] of this.#observed) {
      for (const [name, row] of shown) {
        if (row?.meaning?.kind === 'domain') this.#dirty.rows.set(childPath(path, name), false);
      }
    }
    this.#schedule();
  }

  /** Changes got lost on the way to the editor: it has to ask for everything again. */
  startAnew(): void {
    this.#markAll();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#observed.clear();
    this.#observedBelow.clear();
  }

  /** ---- what is observed ---- */

  #observe(path: string): Directory {
    const present = this.#observed.get(path);
    if (present) return present;
    if (this.#observed.size >= maxObservedDirectories) {
      throw new XenscopeError('limit', `${maxObservedDirectories} directories are open already.`, {
        wayOut: 'Collapse some of the tree and try again.',
      });
    }
    const directory: Directory = {
      names: undefined,
      known: new Set(),
      listings: 0,
      isLost: false,
      shown: new Map(),
    };
    this.#observed.set(path, directory);
    this.#dirty.seen.clear();
    for (let at: string | undefined = path; at !== undefined; at = parentPath(at)) {
      this.#observedBelow.set(at, (this.#observedBelow.get(at) ?? 0) + 1);
    }
    return directory;
  }

  /** No longer observed, without the editor having asked for it. */
  #lose(path: string): void {
    this.#observed.get(path)!.isLost = true;
    this.#forget(path);
  }

  #forget(path: string): void {
    if (!this.#observed.delete(path)) return;
    for (let at: string | undefined = path; at !== undefined; at = parentPath(at)) {
      const count = this.#observedBelow.get(at)! - 1;
      if (count > 0) this.#observedBelow.set(at, count);
      else this.#observedBelow.delete(at);
    }
  }

  /** Lists a directory anew; true when it had been listed before and the names are others now. */
  async #list(path: string, directory: Directory, options?: RequestOptions): Promise<boolean> {
    directory.listings++;
    try {
      const names = (await this.#options.store.directory(path, options)).sort(compareNames);
      const before = directory.names && directory.known;
      directory.names = names;
      directory.known = new Set(names);
      for (const name of directory.shown.keys()) if (!directory.known.has(name)) directory.shown.delete(name);
      return before !== undefined && !sameSet(before, directory.known);
    } catch (error) {
      if (directory.names === undefined && this.#observed.get(path) === directory) this.#forget(path);
      throw error;
    } finally {
      directory.listings--;
      this.#dirty.seen.clear();
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

  /** Not there when it was read: should it come back, it is a new child. */
  #vanished(directory: Directory, name: string): void {
    directory.shown.delete(name);
    directory.known.delete(name);
    this.#dirty.seen.clear();
  }

  #read(path: string, options?: RequestOptions): Promise<NodeRow | undefined> {
    return readRow(this.#options.store, path, this.#options.nameDomain, options);
  }

  /** ---- from events to dirt ---- */

  #onPath(path: string): void {
    const dirty = this.#dirty;
    if (dirty.seen.has(path)) return;
    // The set only saves work: forgetting it loses nothing.
    if (dirty.seen.size >= maxSeenPaths) dirty.seen.clear();
    dirty.seen.add(path);
    if (dirty.all || this.#observed.size === 0) return;
    // Written, created or removed: its own children, and all that is observed below, may be others.
    if (this.#observedBelow.has(path)) dirty.subtrees.add(path);
    // A node that is created creates its missing parents without an event of their own, so each
    // part of the path may be new, and may have got its first or lost its last child.
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const slash = path.lastIndexOf('/', end - 1);
      const directory = this.#observed.get(slash === 0 ? '/' : path.slice(0, slash));
      if (directory) this.#markChild(directory, path, slash, end);
    }
    if (dirty.rows.size > maxDirtyRows) return this.#markAll();
    if (isDirty(dirty)) this.#schedule();
  }

  /** `path` up to `end` names a child of `directory`, and `path` itself or something below it had an event. */
  #markChild(directory: Directory, path: string, slash: number, end: number): void {
    const name = path.slice(slash + 1, end);
    if (directory.shown.has(name)) {
      const row = path.slice(0, end);
      this.#dirty.rows.set(row, end === path.length || this.#dirty.rows.get(row) === true);
    } else if (end === path.length || directory.listings > 0 || !directory.known.has(name)) {
      this.#dirty.lists.add(slash === 0 ? '/' : path.slice(0, slash));
    }
  }

  #markAll(): void {
    this.#dirty.all = true;
    this.#schedule();
  }

  /** ---- from dirt to changes ---- */

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
    const dirty = this.#dirty;
    this.#dirty = cleanSlate();
    this.#flushing = true;
    this.#nextFlushMs = this.#options.clock.nowMs() + batchIntervalMs;
    try {
      const changes = dirty.all ? this.#everything() : await this.#changesOf(dirty);
      if (changes.length > 0 && !this.#closed) this.#options.onChanges(changes);
    } catch (error) {
      // The store went away in the middle: when it is back, the feed reports a resync.
      if (!(error instanceof XenscopeError)) throw error;
    } finally {
      this.#flushing = false;
    }
    if (isDirty(this.#dirty)) this.#schedule();
  }

  #everything(): TreeChange[] {
    this.#nextFlushMs += afterAllIntervalMs - batchIntervalMs;
    for (const path of [...this.#observed.keys()]) this.#lose(path);
    return [{ kind: 'all' }];
  }

  async #changesOf(dirty: Dirty): Promise<TreeChange[]> {
    const lists = new Set(dirty.lists);
    if (dirty.subtrees.size > 0) {
      for (const path of this.#observed.keys()) if (isAtOrBelowAny(path, dirty.subtrees)) lists.add(path);
    }
    const news: News = { changed: dirty.changed, fresh: [], gone: [] };
    await readMany([...lists], (path) => this.#compareList(path, news));
    const rows = await readMany([...dirty.rows], ([path, own]) => this.#compareRow(path, own, news));
    const freshRows = await readMany(news.fresh.slice(0, maxFreshRows), (path) => this.#read(path));
    const changed = [...news.changed].filter((path) => this.#observed.has(path));
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
        this.#lose(path);
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

/** What one batch finds out. */
interface News {
  readonly changed: Set<string>;
  readonly fresh: string[];
  readonly gone: string[];
}

function cleanSlate(): Dirty {
  return {
    seen: new Set(),
    rows: new Map(),
    subtrees: new Set(),
    lists: new Set(),
    changed: new Set(),
    all: false,
  };
}

function isDirty({ rows, subtrees, lists, changed, all }: Dirty): boolean {
  return all || rows.size > 0 || subtrees.size > 0 || lists.size > 0 || changed.size > 0;
}

function isAtOrBelowAny(path: string, ancestors: ReadonlySet<string>): boolean {
  for (let at: string | undefined = path; at !== undefined; at = parentPath(at)) {
    if (ancestors.has(at)) return true;
  }
  return false;
}

function sameSet(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  if (left.size !== right.size) return false;
  for (const item of left) if (!right.has(item)) return false;
  return true;
}
