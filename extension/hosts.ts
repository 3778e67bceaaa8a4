/**
 * The hosts that the server knows, which of them the Xenstore view shows, and which the person
 * wants connected: those are connected again after the server was started again.
 */
import type { ApiNotifications, ApiRequests, Domain, HostInfo, HostState } from '../server/rpc/api';
import { type Failure, failures } from './errors';
import { Signal, type Disposable, type Listen } from './signal';

export const simulatorId = 'simulator';

/** What is needed of the connection; see connection.ts. */
export interface Server {
  readonly state: { readonly kind: 'off' | 'starting' | 'running' | 'waiting' };
  readonly onState: Listen<{ readonly kind: string }>;
  request<M extends keyof ApiRequests>(
    method: M,
    params: ApiRequests[M]['params'],
  ): Promise<ApiRequests[M]['result']>;
  on<N extends keyof ApiNotifications>(name: N, handle: (params: ApiNotifications[N]) => void): Disposable;
}

/**
 * Whether the server still keeps what was set on a host. It drops everything with the disconnecting;
 * a host that is merely away keeps it and has it again when it is back.
 */
export function openHosts(hosts: readonly HostInfo[]): (id: string) => boolean {
  const open = new Set(hosts.filter(({ state }) => state.kind !== 'idle').map(({ id }) => id));
  return (id) => open.has(id);
}

function canBeConnected(host: HostInfo): boolean {
  return host.state.kind === 'idle' && !host.unavailable;
}

export interface Remembered {
  get(key: string): string | undefined;
  update(key: string, value: string): unknown;
}

const currentKey = 'xenscope.currentHost';

export class Hosts {
  private known: readonly HostInfo[] = [];
  private shownId: string;
  private readonly wanted = new Set<string>();
  private readonly underWay = new Map<string, Promise<void>>();
  /** Disconnected by hand, or failed to connect: only a person connects them again. */
  private readonly notByItself = new Set<string>();
  private readonly domainsByHost = new Map<string, readonly Domain[]>();
  private readonly changed = new Signal<void>();
  private readonly shownChanged = new Signal<string>();
  private readonly domainsChanged = new Signal<string>();
  private readonly connectedAgain = new Signal<HostInfo>();

  /** The list, a state, or the domains of a host changed. */
  readonly onChange = this.changed.event;
  /** Another host is shown. */
  readonly onShown = this.shownChanged.event;
  /** Domains of this host came, went or were renamed. */
  readonly onDomains = this.domainsChanged.event;
  /** A host came to be connected: what is shown of it must be asked for again. */
  readonly onConnected = this.connectedAgain.event;

  constructor(
    private readonly server: Server,
    private readonly remembered: Remembered,
    private readonly report: (error: unknown) => void,
  ) {
    this.shownId = remembered.get(currentKey) ?? simulatorId;
    server.on('xenscope/hostsChanged', ({ hosts }) => this.setHosts(hosts));
    server.on('xenscope/domainsChanged', ({ host, domains }) => this.setDomains(host, domains));
    server.onState(({ kind }) => {
      if (kind === 'running') void this.welcomeServer().catch(report);
      // The one before is gone, and the next one knows nothing of what it had connected.
      else this.setHosts(this.known.map((host) => ({ ...host, state: { kind: 'idle' } })));
    });
  }

  get list(): readonly HostInfo[] {
    return this.known;
  }

  get current(): HostInfo | undefined {
    return this.known.find((host) => host.id === this.shownId);
  }

  get currentId(): string {
    return this.shownId;
  }

  find(id: string): HostInfo | undefined {
    return this.known.find((host) => host.id === id);
  }

  /** The state that a person should see: a host about to be connected is not idle. */
  stateOf(host: HostInfo): HostState {
    const isAwaited = host.state.kind === 'idle' && this.wanted.has(host.id) && !host.unavailable;
    return isAwaited ? { kind: 'connecting' } : host.state;
  }

  domains(id: string): readonly Domain[] {
    return this.domainsByHost.get(id) ?? [];
  }

  /** `web (3)`, `Domain 0`, `domain 7`. */
  domainName(id: string, domid: number): string {
    const name = this.domains(id).find((domain) => domain.domid === domid)?.name;
    return name ? `${name} (${domid})` : `domain ${domid}`;
  }

  show(id: string): void {
    if (id === this.shownId) return;
    this.shownId = id;
    this.remembered.update(currentKey, id);
    this.shownChanged.fire(id);
    this.changed.fire();
  }

  connect(id: string): Promise<void> {
    this.wanted.add(id);
    this.notByItself.delete(id);
    const connecting = this.underWay.get(id) ?? this.ask(id).finally(() => this.underWay.delete(id));
    this.underWay.set(id, connecting);
    return connecting;
  }

  private async ask(id: string): Promise<void> {
    try {
      this.update(await this.server.request('xenscope/connect', { host: id }));
    } catch (error) {
      // With a server that died meanwhile it is still wanted; a host that cannot be opened is not.
      if (this.server.state.kind === 'running') {
        this.wanted.delete(id);
        this.notByItself.add(id);
      }
      this.changed.fire();
      throw error;
    }
  }

  async disconnect(id: string): Promise<void> {
    this.wanted.delete(id);
    this.notByItself.add(id);
    await this.server.request('xenscope/disconnect', { host: id });
  }

  /** When something of the host is about to be looked at: connects it, unless the person disconnected it. */
  async connectQuietly(id: string): Promise<void> {
    const host = this.find(id);
    if (host?.state.kind !== 'idle' || this.wanted.has(id) || this.notByItself.has(id)) return;
    await this.connect(id);
  }

  async load(): Promise<void> {
    this.setHosts(await this.server.request('xenscope/hosts', null));
  }

  /** A host that the server is about to list; undefined when it does not within `timeoutMs`. */
  whenListed(wanted: (host: HostInfo) => boolean, timeoutMs: number): Promise<HostInfo | undefined> {
    return new Promise((resolve) => {
      const look = (last = false) => {
        const host = this.known.find(wanted);
        if (!host && !last) return;
        clearTimeout(timer);
        subscription.dispose();
        resolve(host);
      };
      const subscription = this.onChange(() => look());
      const timer = setTimeout(() => look(true), timeoutMs);
      look();
    });
  }

  /** The host, connected; fails with a sentence when it is not there within `timeoutMs`. */
  async whenConnected(id: string, timeoutMs: number): Promise<HostInfo> {
    if (this.known.length === 0) await this.load();
    if (!this.find(id)) throw failures.noSuchHost(id);
    await this.connectQuietly(id);
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        subscription.dispose();
        finish();
      };
      const look = () => {
        const host = this.find(id);
        if (host?.state.kind === 'connected') settle(() => resolve(host));
        else if (!host || host.state.kind === 'away' || !this.wanted.has(id))
          settle(() => reject(this.notConnected(id)));
      };
      const subscription = this.onChange(look);
      const timer = setTimeout(() => settle(() => reject(this.notConnected(id))), timeoutMs);
      look();
    });
  }

  private notConnected(id: string): Failure {
    const host = this.find(id);
    if (!host) return failures.noSuchHost(id);
    if (host.state.kind === 'away') return failures.hostAway(host.label, host.state.reason);
    return failures.hostNotConnected(host.label);
  }

  private async welcomeServer(): Promise<void> {
    await this.load();
    await this.connectWanted();
  }

  /** Those that the person wanted connected, and another server has now. */
  async connectWanted(): Promise<void> {
    for (const id of [...this.wanted]) {
      const host = this.find(id);
      if (host && canBeConnected(host)) await this.connect(id).catch(this.report);
    }
  }

  private setHosts(hosts: readonly HostInfo[]): void {
    const before = new Map(this.known.map((host) => [host.id, host]));
    this.known = hosts;
    if (hosts.length > 0 && !this.current) this.show(simulatorId);
    for (const id of [...this.domainsByHost.keys()]) if (!this.find(id)) this.domainsByHost.delete(id);
    this.changed.fire();
    for (const host of hosts) {
      const was = before.get(host.id);
      if (host.state.kind === 'connected' && was?.state.kind !== 'connected') this.welcomeHost(host);
      // A server that has just been joined may find its host only after it was asked for its hosts.
      if (was?.unavailable && this.wanted.has(host.id) && canBeConnected(host))
        void this.connect(host.id).catch(this.report);
    }
  }

  private update(host: HostInfo): void {
    this.setHosts(this.known.map((known) => (known.id === host.id ? host : known)));
  }

  private welcomeHost(host: HostInfo): void {
    this.connectedAgain.fire(host);
    this.server
      .request('xenscope/domains', { host: host.id })
      .then((domains) => this.setDomains(host.id, domains), this.report);
  }

  private setDomains(id: string, domains: readonly Domain[]): void {
    if (JSON.stringify(this.domainsByHost.get(id)) === JSON.stringify(domains)) return;
    this.domainsByHost.set(id, domains);
    this.changed.fire();
    this.domainsChanged.fire(id);
  }
}
