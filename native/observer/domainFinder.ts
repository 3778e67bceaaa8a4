/**
 * Which domains have a store connection and a console, and where their pages are, as the xenstore
 * tells it. A domain is listed while the xenstored has it introduced: what a dead one left in the tree
 * does not count.
 */
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient, StoreWatch } from '../../server/host/storeClient';

/** Domains beyond these are not looked at; Xen itself has no more. */
const maxDomains = 32_752;

export interface FoundDomain {
  readonly domid: number;
  /** Frame numbers of its pages, as the toolstack wrote them; undefined where it did not. */
  readonly storeFrame: bigint | undefined;
  readonly consoleFrame: bigint | undefined;
  /** Whether the toolstack gave it a console page. */
  readonly hasConsole: boolean;
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
  /** One for the console of each domain: its page comes after the domain is introduced. */
  readonly #consoles = new Map<number, Promise<StoreWatch | undefined>>();
  #domains: readonly FoundDomain[] = [];
  #isClosed = false;
  #isReading = false;
  #mustReadAgain = false;

  constructor(store: StoreClient, listener: FinderListener) {
    this.#store = store;
    this.#listener = listener;
    void this.#follow('@introduceDomain', () => this.#refresh());
    void this.#follow('@releaseDomain', () => {
      this.#listener.released();
      this.#refresh();
    });
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
  async #follow(path: string, onEvent: () => void): Promise<StoreWatch | undefined> {
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

  async #hear(watch: StoreWatch, onEvent: () => void): Promise<void> {
    const events = watch[Symbol.asyncIterator]();
    while (!(await events.next()).done) {
      if (!this.#isClosed) onEvent();
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
    const [storeText, consoleText] = await Promise.all(
      ['store', 'console'].map((name) =>
        this.#store.read(`${root}/${name}/ring-ref`).catch(ifGone(undefined)),
      ),
    );
    return {
      domid,
      storeFrame: frameOf(storeText),
      consoleFrame: frameOf(consoleText),
      hasConsole: consoleText !== undefined,
    };
  }

  #take(domains: readonly FoundDomain[]): void {
    if (this.#isClosed) return;
    this.#watchConsoles(new Set(domains.map(({ domid }) => domid)));
    if (textOf(domains) === textOf(this.#domains)) return;
    this.#domains = domains;
    this.#listener.changed(domains);
  }

  #watchConsoles(domids: ReadonlySet<number>): void {
    for (const [domid, watch] of this.#consoles) {
      if (domids.has(domid)) continue;
      this.#consoles.delete(domid);
      void watch.then((found) => found?.close()).catch(() => undefined);
    }
    for (const domid of domids) {
      if (domid === 0 || this.#consoles.has(domid)) continue;
      const path = `/local/domain/${domid}/console/ring-ref`;
      this.#consoles.set(
        domid,
        this.#follow(path, () => this.#refresh()),
      );
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
