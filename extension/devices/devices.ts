/** The devices of the host that is shown, as the server tells of them while somebody looks. */
import type { ApiNotifications, DeviceRow } from '../../server/rpc/api';
import type { Server } from '../hosts';
import { Signal } from '../signal';

export interface DevicesChange {
  readonly host: string;
  /** Devices came or went, or all are told anew. */
  readonly structure: boolean;
  readonly changed: readonly DeviceRow[];
}

export class Devices {
  private readonly byHost = new Map<string, Map<string, DeviceRow>>();
  private followed: string | undefined;
  private readonly changes = new Signal<DevicesChange>();

  private readonly frames = new Signal<ApiNotifications['xenscope/deviceFrame']>();
  private readonly left = new Map<string, number>();

  readonly onChange = this.changes.event;
  /** Of the devices that are shown in panels. */
  readonly onFrame = this.frames.event;

  constructor(
    private readonly server: Server,
    private readonly report: (error: unknown) => void,
  ) {
    server.on('xenscope/devicesFrame', (frame) => this.take(frame));
    server.on('xenscope/deviceFrame', (frame) => this.frames.fire(frame));
    server.onState(({ kind }) => {
      if (kind !== 'running') this.clear();
    });
  }

  /** In order of the frontends' domains; as the server has them within one. */
  list(host: string): readonly DeviceRow[] {
    return [...(this.byHost.get(host)?.values() ?? [])].sort(
      (one, other) => one.frontend.domid - other.frontend.domid,
    );
  }

  find(host: string, id: string): DeviceRow | undefined {
    return this.byHost.get(host)?.get(id);
  }

  /** Ends of devices that are beyond what the server follows. */
  leftOut(host: string): number {
    return this.left.get(host) ?? 0;
  }

  /** Whether the server has told of this host's devices since it is followed. */
  isKnown(host: string): boolean {
    return this.byHost.has(host);
  }

  /** The row once it is there; undefined when the time is over. Somebody has to follow the host's devices. */
  whenThere(host: string, id: string, timeoutMs: number): Promise<DeviceRow | undefined> {
    return new Promise((resolve) => {
      const look = () => {
        const row = this.find(host, id);
        if (row) settle(row);
      };
      const settle = (row: DeviceRow | undefined) => {
        clearTimeout(timer);
        subscription.dispose();
        resolve(row);
      };
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      const subscription = this.onChange(look);
      look();
    });
  }

  /** Follows one host's devices and no other's; undefined: nobody looks. */
  follow(host: string | undefined): void {
    const before = this.followed;
    this.followed = host;
    if (before !== undefined && before !== host) this.ask('xenscope/devicesStop', before);
    if (host !== undefined) this.ask('xenscope/devices', host);
  }

  private ask(what: 'xenscope/devices' | 'xenscope/devicesStop', host: string): void {
    if (this.server.state.kind !== 'running') return;
    this.server.request(what, { host }).catch(this.report);
  }

  private take({ host, whole, devices, gone, leftOut }: ApiNotifications['xenscope/devicesFrame']): void {
    const before = this.byHost.get(host);
    const known = whole || !before ? new Map<string, DeviceRow>() : before;
    let structure = known !== before || gone.length > 0 || leftOut !== this.leftOut(host);
    this.left.set(host, leftOut);
    for (const device of devices) {
      structure ||= !known.has(device.id);
      known.set(device.id, device);
    }
    for (const id of gone) known.delete(id);
    this.byHost.set(host, known);
    this.changes.fire({ host, structure, changed: devices });
  }

  private clear(): void {
    const hosts = [...this.byHost.keys()];
    this.byHost.clear();
    this.left.clear();
    for (const host of hosts) this.changes.fire({ host, structure: true, changed: [] });
  }
}
