/** A complete xenstored: one store and the ways to reach it. */
import type { Clock } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { StoreTap, TappedConnection } from '../host/tap';
import type { Dial } from './byteStream';
import { Connection } from './connection/connection';
import { ConnectionSet, type Soon } from './connection/connectionSet';
import { streamPair } from './connection/inProcess';
import { listenOnSocket, type Listening } from './connection/socketTransport';
import { tapped, type Openable } from './connection/tapped';
import { FIRST_RESERVED_DOMID, PRIVILEGED_DOMID } from './domains';
import { DomainRings } from './ring/domainRings';
import type { RingAttachment } from './ring/serverRing';
import { defaultQuotas, limits, type Quotas } from './quotas';
import { StoreCore } from './storeCore';
import type { StoreNode } from './tree/storeTree';
import type { Watch } from './watches/watchTable';

export interface XenstoredOptions {
  /** The time that the write rate and the expiry of watch events go by: where a world stands still, they do. */
  readonly clock: Clock;
  /**
   * Lets the connection of a domain go on whose requests a quota had kept waiting; as a microtask when
   * absent. A world makes it one of the things that happen in it, so that it is held as well.
   */
  readonly soon?: Soon;
  readonly quotas?: Partial<Quotas>;
  /** How INTRODUCE reaches the ring of a domain; without it domains have no rings. */
  readonly rings?: RingsOptions;
  /** Somebody who listens to all connections. */
  readonly tap?: StoreTap;
  /** Takes what an operator may want to know, one line each. */
  readonly log?: (line: string) => void;
}

export interface RingsOptions {
  /** Maps the page of a domain and binds its doorbell. Throws a XenscopeError when that cannot be. */
  attach(domid: number, gfn: number, port: number): RingAttachment;
  /** What the server offers: values of XsRingFeature, or-ed. Default none, as C xenstored up to 4.20. */
  readonly features?: number;
}

export interface ConnectOptions {
  readonly domid: number;
  /** Default: domain 0 is, others are not. */
  readonly privileged?: boolean;
}

/** Somebody within the process who looks at a part of the tree, without a connection. */
export interface StoreLook {
  /** The node as it is now, with all below it; it never changes. */
  node(): StoreNode | undefined;
  /** Safe to call twice. */
  close(): void;
}

export class Xenstored {
  readonly #core: StoreCore;
  readonly #connections: ConnectionSet;
  readonly #rings: DomainRings | undefined;
  readonly #tap: StoreTap | undefined;
  readonly #listening = new Set<Listening>();
  #isClosed = false;

  constructor({ clock, soon, quotas, rings, tap, log = () => undefined }: XenstoredOptions) {
    this.#connections = new ConnectionSet(soon);
    this.#core = new StoreCore({ ...defaultQuotas, ...quotas }, clock, log);
    this.#tap = tap;
    if (!rings) return;
    this.#rings = new DomainRings({
      attach: (domid, gfn, port) => rings.attach(domid, gfn, port),
      features: rings.features ?? 0,
      accept: (domain) => {
        const { domid } = domain;
        return this.#connection('ring', { domain, domid, privileged: domid === PRIVILEGED_DOMID });
      },
      log,
    });
    this.#core.rings = this.#rings;
  }

  /**
   * A way to connect within the process, as a domain, which is introduced quietly if it is not yet.
   * It ends with the domain: a later domain of the same number needs a `connect` of its own.
   */
  connect({ domid, privileged = domid === PRIVILEGED_DOMID }: ConnectOptions): Dial {
    if (!Number.isInteger(domid) || domid < 0 || domid >= FIRST_RESERVED_DOMID) {
      throw new XenscopeError('input', `${domid} is no number of a domain.`);
    }
    const domain = this.#core.domains.add(domid);
    this.#core.introduceQuietly(domain);
    return async (client) => {
      if (this.#core.domains.get(domid) !== domain) {
        throw new XenscopeError('away', `Domain ${domid} is gone.`);
      }
      const connection = this.#connection('process', { domain, domid, privileged });
      if (!connection) throw new XenscopeError('limit', 'The store takes no further connection.');
      const [toServer, toClient] = streamPair(client, connection);
      connection.open(toClient);
      return toServer;
    };
  }

  /** `changed` is called when something at or below `path` changes, or is about to go. It must not change anything. */
  look(path: string, changed: () => void): StoreLook {
    const { store, watches } = this.#core;
    const parsed = this.#core.paths.parse(path);
    if (!parsed) throw new XenscopeError('input', `${path} is no path.`);
    const watch: Watch = {
      watcher: { domid: PRIVILEGED_DOMID, privileged: true, targetDomid: undefined, sendEvent: changed },
      path: parsed,
      text: path,
      token: '',
      prefixLength: 0,
      serial: watches.nextSerial(),
    };
    watches.add(watch);
    let isOpen = true;
    return {
      node: () => store.find(parsed),
      close() {
        if (isOpen) watches.remove(watch);
        isOpen = false;
      },
    };
  }

  /** Serves privileged connections on a socket with mode 0600. Rejects with a sentence when it cannot. */
  async listen(socketPath: string): Promise<Listening> {
    const { path, close } = await listenOnSocket(socketPath, () =>
      this.#connection('socket', { domain: undefined, domid: PRIVILEGED_DOMID, privileged: true }),
    );
    const listening: Listening = {
      path,
      close: async () => {
        this.#listening.delete(listening);
        await close();
      },
    };
    this.#listening.add(listening);
    return listening;
  }

  /** Undefined when there are too many. */
  #connection(
    transport: TappedConnection['transport'],
    who: ConstructorParameters<typeof Connection>[2],
  ): Openable | undefined {
    if (this.#isClosed || this.#connections.size >= limits.maxConnections) return undefined;
    const connection = new Connection(this.#core, this.#connections, who);
    const { domid, privileged } = who;
    const tap = this.#tap?.opened({ transport, domid, privileged });
    return tap ? tapped(connection, tap) : connection;
  }

  /** The domain exists from now on: nodes may be given to it before it is introduced. */
  domainCreated(domid: number): void {
    this.#core.domains.add(domid);
  }

  /** The domain shut down; `@releaseDomain` says so once. */
  domainShutdown(domid: number): void {
    const domain = this.#core.domains.get(domid);
    if (domain) this.#core.shutDown(domain);
    this.#connections.flushOthers();
  }

  /** The domain is gone: so is what it owned, and `@releaseDomain` says so. */
  domainDied(domid: number): void {
    const domain = this.#core.domains.get(domid);
    if (domain && domid !== PRIVILEGED_DOMID) this.#core.release(domain);
    this.#connections.flushOthers();
  }

  /** Ends all connections and stops listening. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#connections.closeAll();
    this.#rings?.close();
    await Promise.all([...this.#listening].map((listening) => listening.close()));
  }
}
