/** The sockets of the devices that are open in the view “PV Calls”: the server tells of those, and of no others. */
import type { ApiNotifications, PvCallsSocketRow } from '../../server/rpc/api';
import { failureOf } from '../errors';
import type { Server } from '../hosts';
import { Signal } from '../signal';
import { SocketList } from './socketList';

export interface ShownChange {
  readonly host: string;
  readonly device: string;
  /** Sockets came or went. */
  readonly structure: boolean;
  readonly changed: readonly PvCallsSocketRow[];
}

interface Shown {
  readonly host: string;
  readonly device: string;
  readonly list: SocketList;
  /** Absent until the server has answered. */
  viewId?: number;
  /** Why nothing comes; it is asked for anew once it was hidden. */
  problem?: string;
}

type Frame = ApiNotifications['xenscope/pvcallsDeviceFrame'];
interface Frames {
  onFrame(listener: (frame: Frame) => void): { dispose(): void };
}

const intervalMs = 500;

export class ShownSockets {
  private readonly shown = new Map<string, Shown>();
  private readonly changes = new Signal<ShownChange>();
  private readonly subscriptions: readonly { dispose(): void }[];

  readonly onChange = this.changes.event;

  constructor(
    private readonly server: Server,
    frames: Frames,
    private readonly report: (error: unknown) => void,
  ) {
    this.subscriptions = [
      frames.onFrame((frame) => this.take(frame)),
      server.onState(({ kind }) => kind !== 'running' && this.shown.clear()),
    ];
  }

  /** As they are known; whoever is not shown yet is from now on, and tells by `onChange`. */
  show(host: string, device: string): readonly PvCallsSocketRow[] {
    const key = keyOf(host, device);
    const known = this.shown.get(key);
    if (known) return known.list.rows;
    if (this.server.state.kind !== 'running') return [];
    const shown: Shown = { host, device, list: new SocketList() };
    this.shown.set(key, shown);
    this.begin(key, shown).catch((error: unknown) => this.fail(shown, error));
    return [];
  }

  find(host: string, device: string, socket: string): PvCallsSocketRow | undefined {
    return this.shown.get(keyOf(host, device))?.list.find(socket);
  }

  /** Why the sockets of a device that is shown cannot be. */
  problem(host: string, device: string): string | undefined {
    return this.shown.get(keyOf(host, device))?.problem;
  }

  hide(host: string, device: string): void {
    const key = keyOf(host, device);
    const shown = this.shown.get(key);
    this.shown.delete(key);
    if (shown?.viewId !== undefined) this.stop(shown.viewId);
  }

  hideAll(): void {
    for (const { host, device } of [...this.shown.values()]) this.hide(host, device);
  }

  dispose(): void {
    this.hideAll();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private async begin(key: string, shown: Shown): Promise<void> {
    const { host, device } = shown;
    const { viewId } = await this.server.request('xenscope/pvcallsView', { host, device, intervalMs });
    // Hidden while the server answered.
    if (this.shown.get(key) !== shown) return this.stop(viewId);
    shown.viewId = viewId;
  }

  private fail(shown: Shown, error: unknown): void {
    this.report(error);
    shown.problem = failureOf(error).text;
    const { host, device } = shown;
    this.changes.fire({ host, device, structure: true, changed: [] });
  }

  private stop(viewId: number): void {
    if (this.server.state.kind !== 'running') return;
    this.server.request('xenscope/pvcallsViewStop', { viewId }).catch(this.report);
  }

  private take({ viewId, frame }: Frame): void {
    const shown = [...this.shown.values()].find((one) => one.viewId === viewId);
    if (!shown || !frame) return;
    const { host, device, list } = shown;
    this.changes.fire({ host, device, ...list.take(frame) });
  }
}

const keyOf = (host: string, device: string) => `${host} ${device}`;
