/**
 * All devices of a host, followed through the one root watch: both ends of each, how long they are in
 * their states, and the dance that led there. Nothing but the store is needed, so it works on any host.
 */
import { XenscopeError } from '../../host/errors';
import type { Clock, Timer } from '../../host/clock';
import type { StoreClient } from '../../host/storeClient';
import { leaveRoom, readMany } from '../readMany';
import type { RootFeed } from '../rootFeed';
import { devicePathOf } from './devicePaths';
import type { SidePath } from './devicePaths';
import { SideSeen } from './deviceSeen';
import type { DeviceSeen } from './deviceSeen';
import { detailOf, joinSides } from './deviceRows';
import type { DeviceDetail, DeviceDiagnosis, DeviceRow } from './deviceTypes';
import { readSide, readText, sideFolders } from './sideReader';

export const deviceBatchMs = 50;
/** Ends of devices that are followed; further ones are counted and left out, until others go. */
export const maxDeviceSides = 8192;
/** Further ends that are counted. */
export const maxCountedSides = 65_536;

export interface DeviceModelOptions {
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly feed: RootFeed;
  readonly hasDomain: (domid: number) => boolean;
  readonly judge: (device: DeviceSeen, nowMs: number) => readonly DeviceDiagnosis[];
  /** Something is other than before; the rows are to be asked for again. */
  readonly onChange: () => void;
  /** Default `maxDeviceSides`. */
  readonly maxSides?: number;
}

export class DeviceModel {
  readonly #options: DeviceModelOptions;
  readonly #sides = new Map<string, SideSeen>();
  readonly #dirtySides = new Map<string, SidePath>();
  readonly #dirtyDomains = new Set<number>();
  #isAllDirty = true;
  #isStarted = false;
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;
  #isFirst = true;
  #isClosed = false;
  /** Ends of devices beyond the limit. */
  readonly #leftOut = new Map<string, SidePath>();

  constructor(options: DeviceModelOptions) {
    this.#options = options;
    options.feed.add({ onPath: (path) => this.#onPath(path), onResync: () => this.#readAllSoon() });
  }

  /** How many ends of devices are beyond the limit, and not followed. */
  get leftOut(): number {
    return this.#leftOut.size;
  }

  /** All that there are now, in order of their frontends; follows them from now on, until `rest`. */
  async rows(): Promise<DeviceRow[]> {
    await this.#settle();
    const nowMs = this.#options.clock.nowMs();
    return this.#seen().map((seen) => this.#rowOf(seen, nowMs));
  }

  /** Undefined when there is no such device any more. */
  async detail(id: string): Promise<DeviceDetail | undefined> {
    await this.#settle();
    const seen = this.#seen().find((each) => each.id === id);
    return seen && detailOf(seen, this.#rowOf(seen, this.#options.clock.nowMs()), this.#droppedOf(seen));
  }

  /** Nobody looks any longer: follows nothing, and forgets what it knew, until somebody asks again. */
  rest(): void {
    this.#isStarted = false;
    this.#isAllDirty = true;
    this.#dirtyDomains.clear();
    this.#dirtySides.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    // One that is under way would fill what is emptied now; it is emptied after it.
    if (!this.#reading) this.#forget();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #forget(): void {
    this.#isAllDirty = true;
    this.#sides.clear();
    this.#leftOut.clear();
    this.#isFirst = true;
  }

  #seen(): DeviceSeen[] {
    return joinSides(this.#sides, this.#options.hasDomain);
  }

  #rowOf(seen: DeviceSeen, nowMs: number): DeviceRow {
    const { id, kind, devid, frontend, backend, online, turn } = seen;
    const diagnoses = this.#options.judge(seen, nowMs);
    const row = { id, kind, devid, frontend, backend, turn, diagnoses };
    return online === undefined ? row : { ...row, online };
  }

  #droppedOf({ frontend, backend }: DeviceSeen): number {
    const of = (path: string) => this.#sides.get(path)?.droppedSteps ?? 0;
    return of(frontend.path) + of(backend.path);
  }

  /** ---- following ---- */

  #onPath(path: string): void {
    if (!this.#isStarted) return;
    const place = devicePathOf(path);
    if (!place) return;
    if (place.at === 'all') return this.#readAllSoon();
    if (place.at === 'domain') this.#dirtyDomains.add(place.domid);
    else {
      const { side, node } = place;
      const seen = this.#sides.get(side.folder);
      // At once: the next move may be made before a batch reads this one.
      if (seen && node === 'state') {
        seen.noteEvent();
        void this.#readState(seen).catch(mustBeAway);
      }
      this.#dirtySides.set(side.folder, side);
    }
    this.#readSoon();
  }

  #readAllSoon(): void {
    this.#isAllDirty = true;
    if (this.#isStarted) this.#readSoon();
  }

  async #readState(seen: SideSeen): Promise<void> {
    const { store, clock, onChange } = this.#options;
    const { events } = seen;
    const text = await readText(store, `${seen.path.folder}/state`);
    // The store tells of a change before it answers with it: once the events that came with the answer are
    // through as well, all moves up to this one have been counted.
    await leaveRoom();
    if (seen.noteState(text, clock.nowMs(), events) && !this.#isClosed) onChange();
  }

  #readSoon(): void {
    if (this.#timer || this.#isClosed || this.#reading) return;
    this.#timer = this.#options.clock.after(deviceBatchMs, () => {
      this.#timer = undefined;
      this.#read().catch(mustBeAway);
    });
  }

  /** Resolves when what is known is current. */
  async #settle(): Promise<void> {
    do {
      // Whoever asks is somebody who looks, also when all others have looked away meanwhile.
      this.#isStarted = true;
      if (this.#reading || this.#isAllDirty) await this.#read();
    } while (this.#reading || this.#isAllDirty);
  }

  #read(): Promise<void> {
    return (this.#reading ??= this.#readDirty().finally(() => {
      this.#reading = undefined;
      if (!this.#isStarted) return this.#forget();
      if (this.#isAllDirty || this.#dirtyDomains.size + this.#dirtySides.size > 0) this.#readSoon();
    }));
  }

  async #readDirty(): Promise<void> {
    const wasAll = this.#isAllDirty;
    const domains = new Set(this.#dirtyDomains);
    const sides = new Map(this.#dirtySides);
    this.#isAllDirty = false;
    this.#dirtyDomains.clear();
    this.#dirtySides.clear();
    try {
      if (wasAll) for (const domid of await this.#domids()) domains.add(domid);
      await this.#addFolders(domains, sides);
      if (wasAll) for (const { path } of this.#sides.values()) sides.set(path.folder, path);
      await readMany([...sides.values()], (side) => this.#readSide(side));
      this.#isFirst = false;
    } catch (error) {
      mustBeAway(error);
      if (this.#isFirst) {
        // Nothing is known yet: whoever asks again begins anew.
        this.#isStarted = false;
        this.#isAllDirty = true;
        throw error;
      }
      // When the store is back, the feed reports a resync.
    }
    if (!this.#isClosed) this.#options.onChange();
  }

  async #domids(): Promise<number[]> {
    const names = await this.#options.store.directory('/local/domain').catch((error: unknown) => {
      if (error instanceof XenscopeError && error.storeError) return [];
      throw error;
    });
    return names.filter((name) => /^[0-9]{1,5}$/.test(name)).map(Number);
  }

  /** The devices of these domains as they are listed now, and those that were known of them. */
  async #addFolders(domains: ReadonlySet<number>, sides: Map<string, SidePath>): Promise<void> {
    const folders = await readMany([...domains], (domid) => sideFolders(this.#options.store, domid));
    for (const folder of folders.flat()) {
      const place = devicePathOf(folder);
      if (place?.at === 'side') sides.set(folder, place.side);
    }
    for (const { path } of this.#sides.values()) if (domains.has(path.domid)) sides.set(path.folder, path);
  }

  async #readSide(path: SidePath): Promise<void> {
    const { store, clock } = this.#options;
    const nodes = await readSide(store, path);
    if (!nodes) return this.#drop(path.folder);
    const known = this.#sides.get(path.folder);
    const seen = known ?? this.#add(path);
    if (!seen) return;
    seen.noteNodes(nodes);
    // What was read among the other nodes may be older than what an event has brought since.
    if (known) await this.#readState(known);
    else seen.noteFirst(seen.value('state'), this.#isFirst ? undefined : clock.nowMs());
  }

  /** The room of one that goes is for one that was left out. */
  #drop(folder: string): void {
    this.#leftOut.delete(folder);
    if (!this.#sides.delete(folder)) return;
    const [next] = this.#leftOut.values();
    if (next) this.#dirtySides.set(next.folder, next);
  }

  #add(path: SidePath): SideSeen | undefined {
    if (this.#sides.size >= (this.#options.maxSides ?? maxDeviceSides)) {
      if (this.#leftOut.size < maxCountedSides) this.#leftOut.set(path.folder, path);
      return undefined;
    }
    this.#leftOut.delete(path.folder);
    const seen = new SideSeen(path);
    this.#sides.set(path.folder, seen);
    return seen;
  }
}

/** A store that is away reports a resync when it is back. */
function mustBeAway(error: unknown): void {
  if (!(error instanceof XenscopeError)) throw error;
}
