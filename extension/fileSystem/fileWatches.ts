/**
 * The store's side of watched files: one watch for each node that an editor has open, shared by
 * all who watch it, and set again when the host or the server comes back.
 */
import type { WatchReport } from '../../server/rpc/api';
import { openHosts, type Server } from '../hosts';
import type { Disposable } from '../signal';

export interface NodeHappening {
  readonly host: string;
  readonly path: string;
  readonly kind: 'changed' | 'created' | 'deleted';
}

interface FileWatch {
  readonly host: string;
  readonly path: string;
  /** Also what happens below the path. */
  readonly deep: boolean;
  users: number;
  watchId: number | undefined;
}

export class FileWatches {
  private readonly watches = new Map<string, FileWatch>();
  private readonly subscriptions: Disposable[];

  constructor(
    private readonly server: Server,
    private readonly happened: (happening: NodeHappening) => void,
    private readonly report: (error: unknown) => void,
  ) {
    this.subscriptions = [
      server.on('xenscope/watchReports', ({ reports }) => reports.forEach((one) => this.take(one))),
      server.onState(({ kind }) => {
        if (kind !== 'running') for (const watch of this.watches.values()) watch.watchId = undefined;
      }),
      server.on('xenscope/hostsChanged', ({ hosts }) => {
        const isOpen = openHosts(hosts);
        for (const watch of this.watches.values()) if (!isOpen(watch.host)) watch.watchId = undefined;
      }),
    ];
  }

  add(host: string, path: string, deep: boolean): Disposable {
    const key = `${host} ${deep} ${path}`;
    let watch = this.watches.get(key);
    if (!watch) {
      this.watches.set(key, (watch = { host, path, deep, users: 0, watchId: undefined }));
      void this.set(watch);
    }
    watch.users++;
    let used = true;
    return {
      dispose: () => {
        if (!used) return;
        used = false;
        if (--watch.users > 0) return;
        this.watches.delete(key);
        this.unset(watch.watchId);
      },
    };
  }

  /** The host is connected: lost watches are set again, and what they may have missed is reported as a change. */
  restore(host: string): void {
    for (const watch of this.watches.values()) {
      if (watch.host !== host) continue;
      this.happened({ host, path: watch.path, kind: 'changed' });
      if (watch.watchId === undefined) void this.set(watch);
    }
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private async set(watch: FileWatch): Promise<void> {
    // Without a server there is nothing to watch; `restore` comes when there is one.
    if (this.server.state.kind !== 'running') return;
    try {
      const { watchId } = await this.server.request('xenscope/watch', { host: watch.host, path: watch.path });
      if (watch.users > 0) watch.watchId = watchId;
      else this.unset(watchId);
    } catch (error) {
      this.report(error);
    }
  }

  private unset(watchId: number | undefined): void {
    if (watchId === undefined || this.server.state.kind !== 'running') return;
    this.server.request('xenscope/unwatch', { watchId }).catch(this.report);
  }

  private take({ watchId, path, oldValue, newValue, oldUnknown }: WatchReport): void {
    for (const watch of this.watches.values()) {
      if (watch.watchId !== watchId || (!watch.deep && path !== watch.path)) continue;
      const created = oldValue === undefined && !oldUnknown;
      const kind = newValue === undefined ? 'deleted' : created ? 'created' : 'changed';
      this.happened({ host: watch.host, path, kind });
    }
  }
}
