/** The PV Calls devices of the host that is shown, as the server tells of them while somebody looks. */
import type { ApiNotifications, PvCallsDeviceRow } from '../../server/rpc/api';
import { HostRows } from '../hostRows';
import type { Server } from '../hosts';
import { Signal } from '../signal';

/** Numbers beside a name are read, not watched. */
const rowIntervalMs = 500;

export class PvCalls extends HostRows<PvCallsDeviceRow> {
  private readonly frames = new Signal<ApiNotifications['xenscope/pvcallsDeviceFrame']>();

  /** Of the devices whose sockets are shown: each who shows some knows the `viewId`. */
  readonly onFrame = this.frames.event;

  constructor(server: Server, report: (error: unknown) => void) {
    super(server, report);
    server.on('xenscope/pvcallsFrame', ({ devices, ...news }) =>
      this.take({ ...news, rows: devices, leftOut: 0 }),
    );
    server.on('xenscope/pvcallsDeviceFrame', (frame) => this.frames.fire(frame));
  }

  protected start(host: string): Promise<unknown> {
    return this.server.request('xenscope/pvcalls', { host, intervalMs: rowIntervalMs });
  }

  protected stop(host: string): Promise<unknown> {
    return this.server.request('xenscope/pvcallsStop', { host });
  }

  /** By the frontends' domains; as the server has them within one. */
  protected compare(one: PvCallsDeviceRow, other: PvCallsDeviceRow): number {
    return one.frontend.domid - other.frontend.domid;
  }
}
