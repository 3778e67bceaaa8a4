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
import { followHost } from './followHost';
import { openPage } from './html';
import { keptWords } from './keptWords';
import { OpenPanels } from './openPanels';
import { revivePanels } from './revive';
import { RingPanel } from './ring';
import { Viewer } from './viewer';

/** XenbusStates that have a name. */
const states = [0, 1, 2, 3, 4, 5, 6, 7, 8];

interface DeviceTarget {
  readonly host: string;
  readonly device: string;
}

export class DevicePanel {
  private static readonly panels = new OpenPanels<DevicePanel>();

  static open(xenscope: Xenscope, host: string, device: string): void {
    DevicePanel.panels.open(`${host}:${device}`, (closed) => {
      const panel = openPage(xenscope.extension, 'device', { title: 'Device', staysWhenHidden: true });
      return new DevicePanel(xenscope, panel, { host, device }, closed);
    });
  }

  static revive(xenscope: Xenscope, panel: vscode.WebviewPanel, target: DeviceTarget): void {
    const made = (closed: () => void) => new DevicePanel(xenscope, panel, target, closed);
    DevicePanel.panels.open(`${target.host}:${target.device}`, made, panel);
  }

  private readonly host: string;
  private readonly device: string;
  /** Frames come while the page is on screen. */
  private readonly viewer: Viewer;
  private latest: DeviceFrame | undefined;
  private isAskingForRings = false;
  private closed = false;

  private constructor(
    private readonly xenscope: Xenscope,
    private readonly panel: vscode.WebviewPanel,
    { host, device }: DeviceTarget,
    closed: () => void,
  ) {
    const { connection, devices } = xenscope;
    this.host = host;
    this.device = device;
    this.viewer = new Viewer({
      xenscope,
      host,
      isWanted: () => !this.closed && this.panel.visible,
      open: () => connection.request('xenscope/deviceView', { host, device }),
      stop: 'xenscope/deviceViewStop',
      failed: ({ text }) => this.away(text),
    });
    followHost(
      {
        xenscope,
        host,
        panel: this.panel,
        viewer: this.viewer,
        away: (text) => this.away(text),
        connected: () => this.viewer.begin(),
        renamed: () => this.show(),
        closed: () => {
          this.closed = true;
          closed();
        },
      },
      [devices.onFrame((news) => news.viewId === this.viewer.viewId && this.take(news))],
    );
    this.panel.webview.onDidReceiveMessage((message: FromDevice) => void this.receive(message));
  }

  reveal(): void {
    this.panel.reveal();
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
        return this.viewer.ready();
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

  private take({ frame }: ApiNotifications['xenscope/deviceFrame']): void {
    if (!frame) return this.away(this.latest ? texts.deviceGone : texts.deviceNeverSeen);
    this.latest = frame;
    this.show();
    this.tellRings(frame).catch(this.xenscope.report);
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
    if (this.isAskingForRings) return;
    this.isAskingForRings = true;
    try {
      const rings = await this.xenscope.connection.request('xenscope/ringList', { host: this.host });
      const isOurs = ({ domid, device }: RingRow) =>
        domid === row.frontend.domid && device?.deviceClass === row.kind && device.devid === row.devid;
      const ours = rings.filter(isOurs).map((ring) => {
        return { id: ring.id, label: ringLabel(ring), text: ring.verdict.text };
      });
      this.post({ kind: 'rings', rings: ours });
    } finally {
      this.isAskingForRings = false;
    }
  }

  private tellAbout(): void {
    const meanings = (side: 'frontend' | 'backend') => states.map((state) => stateMeaning(side, state));
    const { host, device } = this;
    this.post({
      kind: 'about',
      host,
      device,
      hostLabel: this.xenscope.hosts.find(host)?.label ?? host,
      states: states.map(stateName),
      meanings: { frontend: meanings('frontend'), backend: meanings('backend') },
    });
  }

  private away(text: string): void {
    this.post({ kind: 'away', text });
  }

  private owner(domid: number): string {
    return this.xenscope.hosts.domainName(this.host, domid);
  }

  private post(message: ToDevice): void {
    if (!this.closed) void this.panel.webview.postMessage(message);
  }
}

/** Brings the panels back that were open when the window was loaded anew. */
export function reviveDevicePanels(xenscope: Xenscope): vscode.Disposable {
  return revivePanels(xenscope, {
    page: 'device',
    keptIn: (state) => keptWords(state, 'host', 'device'),
    revive: (panel, target) => DevicePanel.revive(xenscope, panel, target),
  });
}
