/** What all connections of one xenstored share: the store, its watches, its domains and its limits. */
import type { Clock } from '../host/clock';
import { Accounts } from './accounts';
import { Budget } from './budget';
import { Domains, PRIVILEGED_DOMID, type Domain } from './domains';
import { privatePerms, type PermList } from './permissions/permList';
import { PathCache, StorePath } from './tree/storePath';
import type { StoreNode } from './tree/storeTree';
import { limits, type Quotas } from './quotas';
import type { Session } from './session';
import { LiveStore } from './view/liveStore';
import type { TransactionHome } from './view/transaction';
import { WatchTable } from './watches/watchTable';
import { WriteRate } from './writeRate';

const INTRODUCE_EVENT = '@introduceDomain';
const RELEASE_EVENT = '@releaseDomain';

/** What connects the rings of introduced domains; a store without it serves sockets only. */
export interface RingConnector {
  /** Whether page and doorbell of the domain could be had. */
  introduce(domain: Domain, gfn: number, port: number): boolean;
  release(domid: number): void;
}

export class StoreCore implements TransactionHome {
  readonly budget = new Budget();
  readonly accounts: Accounts;
  readonly watches = new WatchTable(this.budget);
  readonly store: LiveStore;
  readonly domains: Domains;
  readonly writeRate: WriteRate;
  readonly paths = new PathCache(limits.maxCachedPaths, limits.maxCachedPathBytes);
  readonly sessions = new Set<Session>();
  /** Who is told of introductions and releases. */
  readonly specialPerms = new Map<string, PermList>([
    [INTRODUCE_EVENT, privatePerms],
    [RELEASE_EVENT, privatePerms],
  ]);
  rings: RingConnector | undefined;
  openTransactions = 0;

  constructor(
    readonly quotas: Quotas,
    readonly clock: Clock,
    readonly log: (line: string) => void,
  ) {
    this.accounts = new Accounts(quotas, log);
    this.store = new LiveStore(this.watches, this.budget, this.accounts);
    this.domains = new Domains(this.accounts);
    this.writeRate = new WriteRate(quotas, clock, log);
    this.writeRate.join(this.domains.add(PRIVILEGED_DOMID));
    this.store.add(this.paths.parse('/tool')!, '', privatePerms);
    this.store.add(this.paths.parse('/tool/xenstored')!, '', privatePerms);
  }

  /**
   * Connects a domain; a second time resets what its connections hold, and nobody is told. Answers
   * whether its ring could be connected.
   */
  introduce(domid: number, gfn: number, port: number): boolean {
    const isNew = !this.domains.exists(domid);
    const domain = this.domains.add(domid);
    if (this.rings && !this.rings.introduce(domain, gfn, port)) {
      if (isNew) this.domains.forget(domid);
      return false;
    }
    if (domain.introduced) {
      for (const session of this.#sessionsOf(domid)) session.reset();
      return true;
    }
    this.introduceQuietly(domain);
    this.#specialHappened(INTRODUCE_EVENT);
    return true;
  }

  introduceQuietly(domain: Domain): void {
    domain.introduced = true;
    this.writeRate.join(domain);
  }

  /** One that `openTransactions` counts. */
  transactionEnded(): void {
    this.openTransactions -= 1;
    this.writeRate.lookAgain();
  }

  shutDown(domain: Domain): void {
    if (domain.shutdownReported || domain.domid === PRIVILEGED_DOMID) return;
    domain.shutdownReported = true;
    if (domain.introduced) this.#specialHappened(RELEASE_EVENT);
  }

  /** Disconnects a domain, removes what it owns, and tells those who listen. */
  release(domain: Domain): void {
    const { domid, introduced } = domain;
    for (const session of this.#sessionsOf(domid)) session.disconnect(`domain ${domid} is gone`);
    this.rings?.release(domid);
    this.domains.forget(domid);
    this.writeRate.leave(domain);
    for (const other of this.domains.all()) {
      if (other.targetDomid === domid) other.targetDomid = undefined;
    }
    this.#removeOwned(domid);
    const { value, perms: rootPerms } = this.store.root;
    if (rootPerms.ownerDomid === domid) {
      this.store.replace(StorePath.root, value, rootPerms.ownedBy(PRIVILEGED_DOMID));
    }
    this.store.forget(domid);
    this.accounts.forget(domid);
    for (const [name, perms] of this.specialPerms) {
      const owned = perms.ownerDomid === domid ? perms.ownedBy(PRIVILEGED_DOMID) : perms;
      this.specialPerms.set(name, owned.without(domid));
    }
    if (introduced) this.#specialHappened(RELEASE_EVENT);
  }

  #sessionsOf(domid: number): Session[] {
    return [...this.sessions].filter(({ domain }) => domain?.domid === domid);
  }

  #specialHappened(name: string): void {
    this.watches.specialHappened(name, this.specialPerms.get(name)!);
  }

  #removeOwned(domid: number): void {
    if (this.store.ownedBy(domid) === 0) return;
    const owned: StorePath[] = [];
    collectOwned(this.store.root, StorePath.root, domid, owned);
    for (const path of owned) this.store.removeTree(path);
  }
}

/** The topmost nodes that a domain owns. */
function collectOwned(node: StoreNode, path: StorePath, domid: number, into: StorePath[]): void {
  for (const name of node.children.names()) {
    const child = node.children.get(name)!;
    if (child.perms.ownerDomid === domid) into.push(path.child(name));
    else if (child.soleOwner === null) collectOwned(child, path.child(name), domid, into);
  }
}
