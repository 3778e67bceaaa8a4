/**
 * Which domains have a store connection and a console, and where their pages are, as the xenstore
 * tells it. A domain is listed while the xenstored has it introduced: what a dead one left in the tree
 * does not count.
 */
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient, StoreWatch, WatchEvent } from '../../server/host/storeClient';
import { concernsVchans, findVchans, vchanRoot } from './vchanNodes';
import type { VchanNode } from './vchanNodes';

/** Domains beyond these are not looked at; Xen itself has no more. */
const maxDomains = 32_752;

export interface FoundDomain {
  readonly domid: number;
  /** Frame numbers of its pages, as the toolstack wrote them; undefined where it did not. */
  readonly storeFrame: bigint | undefined;
  readonly consoleFrame: bigint | undefined;
  /** Whether the toolstack gave it a console page. */
  readonly hasConsole: boolean;
  /** What it offers to other domains, to ours or not. */
  readonly vchans: readonly VchanNode[];
}

export interface FinderListener {
  /** The list is another one than before. */
  changed(domains: readonly FoundDomain[]): void;
  /** A domain died or shut down; which one is found out after this. */
  released(): void;
}

export class DomainFinder {
  readonly #store: StoreClient;
  readonly #listener: FinderListener;
  /** By path. Those of one domain: its console's page and its vchans come after it is introduced. */
  readonly #watches = new Map<string, Promise<StoreWatch | undefined>>();
  #domains: readonly FoundDomain[] = [];
  #hearsReleases = false;
  #isClosed = false;
  #isReading = false;
  #mustReadAgain = false;

  constructor(store: StoreClient, listener: FinderListener) {
    this.#store = store;
    this.#listener = listener;
    void this.#follow('@introduceDomain', () => this.#refresh());
    void this.#follow('@releaseDomain', () => {
      this.#hearsReleases = true;
      this.#listener.released();
      this.#refresh();
    });
  }

  /** Whether this domain is told of the ends of others. Otherwise somebody has to look from time to time. */
  get hearsReleases(): boolean {
    return this.#hearsReleases;
  }

  /** Reads the list anew. */
  look(): void {
    this.#refresh();
  }

  get domains(): readonly FoundDomain[] {
    return this.#domains;
  }

  /** Ends its store connection as well. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#store.close();
  }

  /** The watch gives its first event at once, and again whenever the store was away. */
  async #follow(path: string, onEvent: (event: WatchEvent) => void): Promise<StoreWatch | undefined> {
    try {
      const watch = await this.#store.watch(path);
      void this.#hear(watch, onEvent);
      return watch;
    } catch (error) {
      // Closed meanwhile, or the store allows no more watches: the domain is looked at when others change.
      if (error instanceof XenscopeError) return undefined;
      throw error;
    }
  }

  async #hear(watch: StoreWatch, onEvent: (event: WatchEvent) => void): Promise<void> {
    const events = watch[Symbol.asyncIterator]();
    for (let next = await events.next(); !next.done; next = await events.next()) {
      if (!this.#isClosed) onEvent(next.value);
    }
  }

  #refresh(): void {
    this.#mustReadAgain = true;
    if (this.#isReading) return;
    this.#isReading = true;
    void this.#readWhileNeeded().finally(() => (this.#isReading = false));
  }

  async #readWhileNeeded(): Promise<void> {
    while (this.#mustReadAgain && !this.#isClosed) {
      this.#mustReadAgain = false;
      try {
        this.#take(await this.#read());
      } catch (error) {
        // The store went away: its watches fire when it is back.
        if (!(error instanceof XenscopeError)) throw error;
      }
    }
  }

  async #read(): Promise<FoundDomain[]> {
    const names = await this.#store.directory('/local/domain').catch(ifGone([]));
    const domids = names.filter((name) => /^(0|[1-9]\d{0,4})$/.test(name)).map(Number);
    const found = await Promise.all(domids.slice(0, maxDomains).map((domid) => this.#readDomain(domid)));
    return found.filter((domain) => domain !== undefined).sort((one, other) => one.domid - other.domid);
  }

  async #readDomain(domid: number): Promise<FoundDomain | undefined> {
    if (!(await this.#store.isDomainIntroduced(domid))) return undefined;
    const root = `/local/domain/${domid}`;
    const frame = (name: string) => this.#store.read(`${root}/${name}/ring-ref`).catch(ifGone(undefined));
    const [storeText, consoleText, vchans] = await Promise.all([
      frame('store'),
      frame('console'),
      findVchans(this.#store, domid),
    ]);
    return {
      domid,
      storeFrame: frameOf(storeText),
      consoleFrame: frameOf(consoleText),
      hasConsole: consoleText !== undefined,
      vchans,
    };
  }

  #take(domains: readonly FoundDomain[]): void {
    if (this.#isClosed) return;
    this.#watch(domains.map(({ domid }) => domid));
    if (textOf(domains) === textOf(this.#domains)) return;
    this.#domains = domains;
    this.#listener.changed(domains);
  }

  #watch(domids: readonly number[]): void {
    const wanted = new Map<string, (event: WatchEvent) => void>();
    for (const domid of domids) {
      // Domain 0 has no console page.
      if (domid > 0) wanted.set(`/local/domain/${domid}/console/ring-ref`, () => this.#refresh());
      wanted.set(vchanRoot(domid), ({ kind, path }) => {
        const known = this.#domains.find((domain) => domain.domid === domid)?.vchans ?? [];
        // The first event tells nothing that was not just read.
        if (kind === 'resync' || (kind === 'change' && concernsVchans(path, known))) this.#refresh();
      });
    }
    for (const [path, watch] of this.#watches) {
      if (wanted.has(path)) continue;
      this.#watches.delete(path);
      void watch.then((found) => found?.close()).catch(() => undefined);
    }
    for (const [path, onEvent] of wanted) {
      if (!this.#watches.has(path)) this.#watches.set(path, this.#follow(path, onEvent));
    }
  }
}

/** A node that is not there, or not for us, is no answer and no failure. */
function ifGone<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof XenscopeError && error.code === 'store') return value;
    throw error;
  };
}

/** Foreign text: only a number of at most 64 bits is one. */
function frameOf(text: Buffer | undefined): bigint | undefined {
  if (text === undefined || !/^\d{1,19}$/.test(text.toString('latin1'))) return undefined;
  return BigInt(text.toString('latin1'));
}

function textOf(domains: readonly FoundDomain[]): string {
  return JSON.stringify(domains, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
}
