/** The simulated hosts that are connected: held or not, their domains, and what is broken on purpose. */
import type { WorldDomainState, WorldState } from '../server/rpc/api';
import type { Hosts, Server } from './hosts';
import { Signal } from './signal';

export class Worlds {
  private readonly byHost = new Map<string, WorldState>();
  private readonly changed = new Signal<string>();

  /** The world of this host changed, or is gone. */
  readonly onChange = this.changed.event;

  constructor(
    private readonly server: Server,
    hosts: Pick<Hosts, 'onConnected' | 'onChange' | 'find'>,
    private readonly report: (error: unknown) => void,
  ) {
    server.on('xenscope/worldChanged', ({ host, world }) => this.set(host, world));
    hosts.onConnected(({ id, world }) => {
      if (world) void this.load(id);
    });
    hosts.onChange(() => {
      for (const id of [...this.byHost.keys()]) {
        if (hosts.find(id)?.state.kind !== 'connected') this.set(id, undefined);
      }
    });
  }

  of(host: string): WorldState | undefined {
    return this.byHost.get(host);
  }

  domain(host: string, domid: number): WorldDomainState | undefined {
    return this.of(host)?.domains.find((domain) => domain.domid === domid);
  }

  isHeld(host: string): boolean {
    return this.of(host)?.held ?? false;
  }

  /** Guests that do not exist now and could be started. */
  startable(host: string): readonly WorldDomainState[] {
    return (this.of(host)?.domains ?? []).filter(({ can }) => can.includes('start'));
  }

  private async load(host: string): Promise<void> {
    try {
      this.set(host, await this.server.request('xenscope/world', { host }));
    } catch (error) {
      this.report(error);
    }
  }

  private set(host: string, world: WorldState | undefined): void {
    if (world === undefined) {
      if (!this.byHost.delete(host)) return;
    } else this.byHost.set(host, world);
    this.changed.fire(host);
  }
}
