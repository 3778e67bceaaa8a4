/**
 * Which domains have a store connection and a console, and where their pages are, as the xenstore
 * tells it. A domain is listed while the xenstored has it introduced: what a dead one left in the tree
 * does not count. Guests can make it read again as often as they like, so it does that in passes.
 */
import type { Clock } from '../../server/host/clock';
import { XenscopeError, isStoreError } from '../../server/host/errors';
import type { StoreClient, WatchEvent } from '../../server/host/storeClient';
import { GrantNodes, type StandingNode } from './grantNodes';
import { Passes, mayGoWellNow } from './passes';
import { StandingWatch } from './standingWatch';
import { concernsVchans, findVchans, vchanRoot } from '../../server/vchan/findVchans';

/** Domains beyond these are not looked at; Xen itself has no more. */
const maxDomains = 32_752;

export interface FoundDomain {
  readonly domid: number;
  /** Frame numbers of its pages, as the toolstack wrote them; undefined where it did not. */
  readonly storeFrame: bigint | undefined;
  readonly consoleFrame: bigint | undefined;
  /** Whether the toolstack gave it a console page. */
  readonly hasConsole: boolean;
  /** What it offers to other domains, to ours or not; of several that name one grant the latest. */
  readonly vchans: readonly StandingNode[];
}

export interface FinderListener {
  /** The list is another one than before. */
  changed(domains: readonly FoundDomain[]): void;
  /** A domain died or shut down; which one is found out after this. */
  released(): void;
  /** Only some of the domains can be found: one sentence, told once. */
  limited(why: string): void;
}

export class DomainFinder {
  readonly #store: StoreClient;
  readonly #clock: Clock;
  readonly #listener: FinderListener;
  /** Those of the life of all domains. */
  readonly #lives: readonly StandingWatch[];
  /** By path. Those of one domain: its console's page and its vchans come after it is introduced. */
  readonly #watches = new Map<string, StandingWatch>();
  /** By domid, of those that are there. */
  readonly #grantNodes = new Map<number, GrantNodes>();
  #domains: readonly FoundDomain[] = [];
  #hearsReleases = false;
  /** We are in a domain that may not list the others. */
  #isLimited = false;
  #isClosed = false;
  readonly #passes: Passes;
  /** What the next pass reads: who is there, or only these domains. */
  #isListStale = false;
  readonly #stale = new Set<number>();

  constructor(store: StoreClient, clock: Clock, listener: FinderListener) {
    this.#store = store;
    this.#clock = clock;
    this.#listener = listener;
    this.#passes = new Passes(clock, () => this.#pass());
    this.#lives = [
      this.#follow('@introduceDomain', () => this.#refresh()),
      this.#follow('@releaseDomain', ({ kind }) => {
        // The first event comes to everybody, also to those who are told nothing afterwards.
        if (kind === 'change') this.#hearsReleases = true;
        this.#listener.released();
        this.#refresh();
      }),
    ];
  }

  /** Whether this domain was ever told of the end of another. Otherwise somebody has to look from time to time. */
  get hearsReleases(): boolean {
    return this.#hearsReleases;
  }

  /** Only this domain itself can be found. */
  get isLimited(): boolean {
    return this.#isLimited;
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
    this.#passes.close();
    for (const watch of [...this.#lives, ...this.#watches.values()]) watch.close();
    await this.#store.close();
  }

  /** The watch gives its first event at once, and again whenever the store was away. */
  #follow(path: string, onEvent: (event: WatchEvent) => void): StandingWatch {
    return new StandingWatch(this.#store, this.#clock, path, onEvent);
  }

  #refresh(domid?: number): void {
    if (domid === undefined) this.#isListStale = true;
    else this.#stale.add(domid);
    this.#passes.want();
  }

  async #pass(): Promise<void> {
    const domids = [...this.#stale];
    const isListStale = this.#isListStale;
    this.#stale.clear();
    this.#isListStale = false;
    try {
      this.#take(isListStale ? await this.#read() : await this.#readAgain(domids));
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      this.#isListStale ||= isListStale;
      for (const domid of domids) this.#stale.add(domid);
      if (mayGoWellNow(error, this.#store)) this.#passes.want();
    }
  }

  async #read(): Promise<FoundDomain[]> {
    const domids = (await this.#listed()) ?? (await this.#ownDomid());
    return this.#readDomains(domids.slice(0, maxDomains));
  }

  /** Undefined where this domain may list none. */
  async #listed(): Promise<number[] | undefined> {
    try {
      const names = await this.#store.directory('/local/domain');
      return names.filter(isDomidText).map(Number);
    } catch (error) {
      return isStoreError(error, 'EACCES') ? undefined : ifGone([])(error);
    }
  }

  /** As the toolstack wrote it for the domain that asks: the path is relative. */
  async #ownDomid(): Promise<number[]> {
    const text = (await this.#store.read('domid').catch(ifGone(undefined)))?.toString('latin1') ?? '';
    const own = isDomidText(text) ? [Number(text)] : [];
    if (!this.#isLimited) {
      const which = own.length > 0 ? `this domain (${text}) list the others` : 'this domain list any';
      this.#listener.limited(
        `The xenstore does not let ${which}: of their rings those of devices are shown that are served here. ` +
          'The server in domain 0 shows the others.',
      );
    }
    this.#isLimited = true;
    return own;
  }

  /** Only a privileged domain may ask. For another one that counts which was listed, or is itself. */
  async #isIntroduced(domid: number): Promise<boolean> {
    if (this.#isLimited) return true;
    try {
      return await this.#store.isDomainIntroduced(domid);
    } catch (error) {
      if (isStoreError(error, 'EACCES')) return true;
      throw error;
    }
  }

  async #readAgain(domids: readonly number[]): Promise<FoundDomain[]> {
    const others = this.#domains.filter(({ domid }) => !domids.includes(domid));
    return [...others, ...(await this.#readDomains(domids))].sort((one, other) => one.domid - other.domid);
  }

  async #readDomains(domids: readonly number[]): Promise<FoundDomain[]> {
    const found = await Promise.all(domids.map((domid) => this.#readDomain(domid)));
    return found.filter((domain) => domain !== undefined).sort((one, other) => one.domid - other.domid);
  }

  async #readDomain(domid: number): Promise<FoundDomain | undefined> {
    if (!(await this.#isIntroduced(domid))) return undefined;
    const root = `/local/domain/${domid}`;
    const frame = (name: string) => this.#store.read(`${root}/${name}/ring-ref`).catch(ifGone(undefined));
    const nodes = this.#nodesOf(domid);
    const { moment } = nodes;
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
      vchans: nodes.standing(vchans, moment),
    };
  }

  #nodesOf(domid: number): GrantNodes {
    const nodes = this.#grantNodes.get(domid) ?? new GrantNodes();
    this.#grantNodes.set(domid, nodes);
    return nodes;
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
      if (domid > 0) wanted.set(`/local/domain/${domid}/console/ring-ref`, () => this.#refresh(domid));
      wanted.set(vchanRoot(domid), ({ kind, path }) => {
        if (kind === 'change') this.#nodesOf(domid).written(path);
        if (kind === 'resync') this.#nodesOf(domid).forget();
        const known = this.#domains.find((domain) => domain.domid === domid)?.vchans ?? [];
        // The first event tells nothing that was not just read.
        if (kind === 'resync' || (kind === 'change' && concernsVchans(path, known))) this.#refresh(domid);
      });
    }
    for (const domid of this.#grantNodes.keys()) if (!domids.includes(domid)) this.#grantNodes.delete(domid);
    for (const [path, watch] of this.#watches) {
      if (wanted.has(path)) continue;
      this.#watches.delete(path);
      watch.close();
    }
    for (const [path, onEvent] of wanted) {
      if (!this.#watches.has(path)) this.#watches.set(path, this.#follow(path, onEvent));
    }
  }
}

function isDomidText(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text);
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
