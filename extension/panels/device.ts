/** The panel of one device: frames from the server to the page, and acts from the page to the person's question. */
import * as vscode from 'vscode';
import type { ApiNotifications, DeviceFrame, RingRow } from '../../server/rpc/api';
import type { FromDevice, ToDevice } from '../../webview/messages';
import type { Xenscope } from '../context';
import { deviceActNames, deviceActs } from '../devices/deviceActs';
import { stateMeaning, stateName } from '../devices/deviceTexts';
import { failureOf } from '../errors';
import { ringLabel } from '../rings/ringTexts';
import { say } from '../say';
import { texts } from '../texts';
import { webviewPage } from './html';
import { RingPanel } from './ring';

const connectTimeoutMs = 10_000;
/** Rings are found a moment after the states have moved, and forgotten so: a few frames look them up. */
const ringLooksAfterMove = 3;
/** XenbusStates that have a name. */
const states = [0, 1, 2, 3, 4, 5, 6, 7, 8];

export class DevicePanel {
  private static readonly open_ = new Map<string, DevicePanel>();

  static open(xenscope: Xenscope, host: string, device: string): void {
    const key = `${host}:${device}`;
    const open = DevicePanel.open_.get(key);
    if (open) open.panel.reveal();
    else {
      const closed = () => DevicePanel.open_.delete(key);
      DevicePanel.open_.set(key, new DevicePanel(xenscope, host, device, closed));
    }
  }

  private readonly panel: vscode.WebviewPanel;
  private readonly subscriptions: { dispose(): void }[];
  private viewId: number | undefined;
  private following = false;
  /** Counts the asks for frames, so that an answer to an older one is given back. */
  private asks = 0;
  private latest: DeviceFrame | undefined;
  /** How the device stood when its rings were looked up. */
  private ringsOf = '';
  private ringLooks = 0;
  private closed = false;

  private constructor(
    private readonly xenscope: Xenscope,
    private readonly host: string,
    private readonly device: string,
    closed: () => void,
  ) {
    const { extensionUri } = xenscope.extension;
    const { connection, hosts, devices } = xenscope;
    this.panel = vscode.window.createWebviewPanel('xenscope.device', 'Device', vscode.ViewColumn.Active, {
      enableScripts: true,
      retainContextWhenHidden: true,
      localResourceRoots: [vscode.Uri.joinPath(extensionUri, 'dist')],
    });
    const { webview } = this.panel;
    this.subscriptions = [
      devices.onFrame((news) => news.viewId === this.viewId && this.take(news)),
      connection.onState(({ kind }) => kind !== 'running' && this.away(texts.ringServerAway)),
      hosts.onConnected(({ id }) => id === this.host && this.followAnew()),
      hosts.onDomains((id) => id === this.host && this.show()),
      hosts.onChange(() => this.lookAtHost()),
    ];
    this.panel.onDidDispose(() => {
      this.unfollow();
      this.closed = true;
      for (const subscription of this.subscriptions) subscription.dispose();
      closed();
    });
    this.panel.onDidChangeViewState(() => void this.follow());
    webview.onDidReceiveMessage((message: FromDevice) => void this.receive(message));
    webview.html = webviewPage(webview, extensionUri, 'device', 'Device');
  }

  private async receive(message: FromDevice): Promise<void> {
    try {
      await this.answer(message);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code !== 'cancelled') void say.error(failure.text);
    }
  }

  private async answer(message: FromDevice): Promise<unknown> {
    const { host, device, xenscope } = this;
    switch (message.kind) {
      case 'ready':
        this.tellAbout();
        this.show();
        return this.follow();
      case 'act':
        return vscode.commands.executeCommand(`xenscope.device.${message.name}`, { host, device });
      case 'move': {
        const act = { kind: 'move', side: message.side, to: message.to } as const;
        const { verb } = deviceActs.move;
        return xenscope.acts.perform(host, { kind: 'device', path: device, act }, { verb });
      }
      case 'showRing':
        return RingPanel.open(xenscope, host, message.ring);
      case 'showNodes':
        return vscode.commands.executeCommand('xenscope.reveal', { host, path: message.path });
    }
  }

  /** Frames come while the page is on screen. */
  private async follow(): Promise<void> {
    const wanted = !this.closed && this.panel.visible;
    if (wanted === this.following) return;
    this.unfollow();
    if (!wanted) return;
    this.following = true;
    const ask = this.asks;
    const { connection, hosts } = this.xenscope;
    const { host, device } = this;
    try {
      await hosts.whenConnected(host, connectTimeoutMs);
      const { viewId } = await connection.request('xenscope/deviceView', { host, device });
      if (ask === this.asks) this.viewId = viewId;
      else await connection.request('xenscope/deviceViewStop', { viewId });
    } catch (error) {
      if (ask === this.asks) this.away(failureOf(error).text);
    }
  }

  /** The host came back, perhaps with another server: what was asked for before is forgotten there. */
  private followAnew(): void {
    this.unfollow();
    void this.follow();
  }

  private unfollow(): void {
    this.asks++;
    this.following = false;
    const { viewId } = this;
    this.viewId = undefined;
    const { connection, report } = this.xenscope;
    if (viewId === undefined || connection.state.kind !== 'running') return;
    connection.request('xenscope/deviceViewStop', { viewId }).catch(report);
  }

  private take({ frame }: ApiNotifications['xenscope/deviceFrame']): void {
    if (!frame) return this.away(texts.deviceGone);
    this.latest = frame;
    this.show();
    const { frontend, backend } = frame.row;
    const stands = `${frontend.state} ${backend.state}`;
    if (stands !== this.ringsOf) this.ringLooks = ringLooksAfterMove;
    this.ringsOf = stands;
    if (this.ringLooks-- > 0) this.tellRings(frame).catch(this.xenscope.report);
  }

  private show(): void {
    const { latest } = this;
    if (!latest) return;
    const { row } = latest;
    const owners = { frontend: this.owner(row.frontend.domid), backend: this.owner(row.backend.domid) };
    const acts = deviceActNames
      .filter((name) => name !== 'move' && deviceActs[name].fits(row))
      .map((name) => ({ name, verb: deviceActs[name].verb, detail: deviceActs[name].detail }));
    this.panel.title = `${row.kind} ${row.devid}: ${owners.frontend}`;
    this.post({ kind: 'frame', frame: latest, owners, acts });
  }

  private async tellRings({ row }: DeviceFrame): Promise<void> {
    const rings = await this.xenscope.connection.request('xenscope/ringList', { host: this.host });
    const isOurs = ({ domid, device }: RingRow) =>
      domid === row.frontend.domid && device?.deviceClass === row.kind && device.devid === row.devid;
    const ours = rings.filter(isOurs).map((ring) => ({
      id: ring.id,
      label: ringLabel(ring),
    }));
    this.post({ kind: 'rings', rings: ours });
  }

  private tellAbout(): void {
    const meanings = (side: 'frontend' | 'backend') => states.map((state) => stateMeaning(side, state));
    this.post({
      kind: 'about',
      hostLabel: this.xenscope.hosts.find(this.host)?.label ?? this.host,
      states: states.map(stateName),
      meanings: { frontend: meanings('frontend'), backend: meanings('backend') },
    });
  }

  private lookAtHost(): void {
    const kind = this.xenscope.hosts.find(this.host)?.state.kind;
    if (kind !== 'connected') this.away(texts.ringHostAway);
  }

  private away(text: string): void {
    this.ringsOf = '';
    this.post({ kind: 'away', text });
  }

  private owner(domid: number): string {
    return this.xenscope.hosts.domainName(this.host, domid);
  }

  private post(message: ToDevice): void {
    if (!this.closed) void this.panel.webview.postMessage(message);
  }
}
