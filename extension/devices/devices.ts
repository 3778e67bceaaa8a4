/** The devices of the host that is shown, as the server tells of them while somebody looks. */
import type { ApiNotifications, DeviceRow } from '../../server/rpc/api';
import { HostRows, type HostRowsChange } from '../hostRows';
import type { Server } from '../hosts';
import { Signal } from '../signal';

export type DevicesChange = HostRowsChange<DeviceRow>;

export class Devices extends HostRows<DeviceRow> {
  private readonly frames = new Signal<ApiNotifications['xenscope/deviceFrame']>();

  /** Of the devices that are shown in panels: each knows its own `viewId`. */
  readonly onFrame = this.frames.event;

  constructor(server: Server, report: (error: unknown) => void) {
    super(server, report);
    server.on('xenscope/devicesFrame', ({ devices, ...news }) => this.take({ ...news, rows: devices }));
    server.on('xenscope/deviceFrame', (frame) => this.frames.fire(frame));
  }

  protected start(host: string): Promise<unknown> {
    return this.server.request('xenscope/devices', { host });
  }

  protected stop(host: string): Promise<unknown> {
    return this.server.request('xenscope/devicesStop', { host });
  }

  /** By the frontends' domains; as the server has them within one. */
  protected compare(one: DeviceRow, other: DeviceRow): number {
    return one.frontend.domid - other.frontend.domid;
  }
}
