/**
 * The store as a domain sees it that may not list all of it, e.g. a driver domain. Above what is its own nobody
 * tells it what there is; so there it is told what it can know to be below: its own folder, and the other
 * ends of its devices, which it may read. In domain 0, which may list everything, nothing differs.
 */
import type { Clock } from '../host/clock';
import { isStoreError } from '../host/errors';
import type {
  RequestOptions,
  StoreClient,
  StoreOperations,
  StoreState,
  TransactionOptions,
} from '../host/storeClient';
import type { XsPerm } from '../wire/xsPerms';
import { devicePathOf } from './devices/devicePaths';
import { readText, sideFolders } from './devices/sideReader';
import { readMany } from './readMany';

/** Devices beyond these lead nowhere. */
const maxDevices = 2_048;
/** A tree asks for each folder on the way in turn, and in each they are the same. */
export const keptMs = 1_000;

export class OwnCorner implements StoreClient {
  readonly #store: StoreClient;
  readonly #clock: Clock;
  #known: { readonly paths: Promise<readonly string[]>; readonly untilMs: number } | undefined;

  constructor(store: StoreClient, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async directory(path: string, options?: RequestOptions): Promise<string[]> {
    try {
      return await this.#store.directory(path, options);
    } catch (error) {
      const names = isStoreError(error, 'EACCES') ? await this.#namesBelow(path) : [];
      if (names.length === 0) throw error;
      return names;
    }
  }

  async hasChildren(path: string, options?: RequestOptions): Promise<boolean> {
    try {
      return await this.#store.hasChildren(path, options);
    } catch (error) {
      if (isStoreError(error, 'EACCES') && (await this.#namesBelow(path)).length > 0) return true;
      throw error;
    }
  }

  async #namesBelow(path: string): Promise<string[]> {
    const nowMs = this.#clock.nowMs();
    // Also where the clock was set back.
    const isFresh = this.#known && nowMs < this.#known.untilMs && nowMs >= this.#known.untilMs - keptMs;
    if (!isFresh) this.#known = { paths: this.#look(), untilMs: nowMs + keptMs };
    const folder = path === '/' ? path : `${path}/`;
    const below = (await this.#known!.paths).filter((known) => known.startsWith(folder));
    return [...new Set(below.map((known) => known.slice(folder.length).split('/', 1)[0]!))];
  }

  async #look(): Promise<string[]> {
    // Relative: the store knows who asks.
    const domid = await readText(this.#store, 'domid');
    if (domid === undefined || !/^(0|[1-9][0-9]{0,4})$/.test(domid)) return [];
    const home = `/local/domain/${domid}`;
    const folders = (await sideFolders(this.#store, Number(domid))).slice(0, maxDevices);
    const others = await readMany(folders, (folder) =>
      readText(this.#store, `${folder}/${folder.startsWith(`${home}/device/`) ? 'backend' : 'frontend'}`),
    );
    const ends = others.filter((other) => other !== undefined && devicePathOf(other)?.at === 'side');
    const virtualMachine = await readText(this.#store, `${home}/vm`);
    return [home, ...(ends as string[]), ...(virtualMachine?.startsWith('/vm/') ? [virtualMachine] : [])];
  }

  /** ---- as it is ---- */

  get state(): StoreState {
    return this.#store.state;
  }

  onStateChange(listener: (state: StoreState) => void): () => void {
    return this.#store.onStateChange(listener);
  }

  retryNow(): void {
    this.#store.retryNow();
  }

  read(path: string, options?: RequestOptions): Promise<Buffer> {
    return this.#store.read(path, options);
  }

  write(path: string, value: Uint8Array | string, options?: RequestOptions): Promise<void> {
    return this.#store.write(path, value, options);
  }

  mkdir(path: string, options?: RequestOptions): Promise<void> {
    return this.#store.mkdir(path, options);
  }

  rm(path: string, options?: RequestOptions): Promise<void> {
    return this.#store.rm(path, options);
  }

  getPerms(path: string, options?: RequestOptions): Promise<XsPerm[]> {
    return this.#store.getPerms(path, options);
  }

  setPerms(path: string, perms: readonly XsPerm[], options?: RequestOptions): Promise<void> {
    return this.#store.setPerms(path, perms, options);
  }

  watch(path: string, options?: RequestOptions) {
    return this.#store.watch(path, options);
  }

  transaction<T>(
    body: (transaction: StoreOperations) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    return this.#store.transaction(body, options);
  }

  getDomainPath(domid: number, options?: RequestOptions): Promise<string> {
    return this.#store.getDomainPath(domid, options);
  }

  isDomainIntroduced(domid: number, options?: RequestOptions): Promise<boolean> {
    return this.#store.isDomainIntroduced(domid, options);
  }

  introduce(domid: number, gfn: number, port: number, options?: RequestOptions): Promise<void> {
    return this.#store.introduce(domid, gfn, port, options);
  }

  release(domid: number, options?: RequestOptions): Promise<void> {
    return this.#store.release(domid, options);
  }

  resume(domid: number, options?: RequestOptions): Promise<void> {
    return this.#store.resume(domid, options);
  }

  setTarget(domid: number, targetDomid: number, options?: RequestOptions): Promise<void> {
    return this.#store.setTarget(domid, targetDomid, options);
  }

  resetWatches(options?: RequestOptions): Promise<void> {
    return this.#store.resetWatches(options);
  }

  control(words: readonly string[], options?: RequestOptions): Promise<string> {
    return this.#store.control(words, options);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
