/** The panel of one PV Calls device: frames from the server to its page, and ways from there to everything else. */
import * as vscode from 'vscode';
import type { ApiNotifications, PvCallsDeviceRow } from '../../server/rpc/api';
import type { FromPvCalls, ToPvCalls } from '../../webview/messages';
import type { Xenscope } from '../context';
import { failureOf } from '../errors';
import { KnownNames } from '../knownNames';
import { knownMeanings, socketStates } from '../pvcalls/socketTexts';
import { say } from '../say';
import { texts } from '../texts';
import { followHost } from './followHost';
import { openPage } from './html';
import { keptWords } from './keptWords';
import { OpenPanels } from './openPanels';
import { revivePanels } from './revive';
import { RingPanel } from './ring';
import { Viewer } from './viewer';

/** Ten times a second: rows are read, not watched. */
const frameIntervalMs = 100;

export interface PvCallsTarget {
  readonly host: string;
  readonly device: string;
}

export class PvCallsPanel {
  private static readonly panels = new OpenPanels<PvCallsPanel>();

  static open(xenscope: Xenscope, target: PvCallsTarget): PvCallsPanel {
    return PvCallsPanel.panels.open(keyOf(target), (closed) => {
      const panel = openPage(xenscope.extension, 'pvcalls', { title: 'PV Calls', staysWhenHidden: true });
      return new PvCallsPanel(xenscope, panel, target, closed);
    });
  }

  static revive(xenscope: Xenscope, panel: vscode.WebviewPanel, target: PvCallsTarget): void {
    const made = (closed: () => void) => new PvCallsPanel(xenscope, panel, target, closed);
    PvCallsPanel.panels.open(keyOf(target), made, panel);
  }

  /** Frames come while the page is on screen and not paused. */
  private readonly viewer: Viewer;
  private readonly names: KnownNames;
  private row: PvCallsDeviceRow | undefined;
  /** The socket that the page is to show, until the page is there. */
  private wanted: string | undefined;
  private isReady = false;
  private paused = false;
  private closed = false;

  private constructor(
    private readonly xenscope: Xenscope,
    private readonly panel: vscode.WebviewPanel,
    private readonly target: PvCallsTarget,
    closed: () => void,
  ) {
    const { connection, hosts, pvcalls } = xenscope;
    const { host, device } = target;
    this.names = new KnownNames(hosts, host);
    this.viewer = new Viewer({
      xenscope,
      host,
      isWanted: () => !this.closed && this.panel.visible && !this.paused,
      open: () => connection.request('xenscope/pvcallsView', { host, device, intervalMs: frameIntervalMs }),
      stop: 'xenscope/pvcallsViewStop',
      failed: ({ text }) => this.away(text),
    });
    followHost(
      {
        xenscope,
        host,
        panel,
        viewer: this.viewer,
        away: (text) => this.away(text),
        connected: () => this.viewer.begin(),
        renamed: () => this.tellAbout(),
        closed: () => {
          this.closed = true;
          closed();
        },
      },
      [pvcalls.onFrame((news) => news.viewId === this.viewer.viewId && this.take(news))],
    );
    this.panel.webview.onDidReceiveMessage((message: FromPvCalls) => void this.receive(message));
  }

  reveal(): void {
    this.panel.reveal();
  }

  /** Selects the row of a socket. */
  select(socket: string): void {
    this.wanted = socket;
    if (this.isReady) this.post({ kind: 'select', socket });
  }

  private async receive(message: FromPvCalls): Promise<void> {
    try {
      await this.answer(message);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code !== 'cancelled') void say.error(failure.text);
    }
  }

  private answer(message: FromPvCalls): unknown {
    const { target, xenscope } = this;
    switch (message.kind) {
      case 'ready':
        this.isReady = true;
        this.tellAbout();
        if (this.wanted !== undefined) this.post({ kind: 'select', socket: this.wanted });
        return this.viewer.ready();
      case 'pause':
        this.paused = message.paused;
        return this.viewer.look();
      case 'showRing':
        return RingPanel.open(xenscope, target.host, message.ring);
      case 'copy':
        return vscode.env.clipboard.writeText(message.text);
      case 'showDevice':
        return vscode.commands.executeCommand('xenscope.device.open', target);
      case 'compose':
      case 'intercept':
        return vscode.commands.executeCommand(`xenscope.pvcalls.${message.kind}`, target);
    }
  }

  private take({ frame }: ApiNotifications['xenscope/pvcallsDeviceFrame']): void {
    if (!frame) return this.away(this.row ? texts.pvcallsGone : texts.pvcallsNeverSeen);
    const isFirst = this.row === undefined;
    this.row = frame.state.row;
    if (isFirst) this.tellAbout();
    this.post({ kind: 'frame', frame });
  }

  private tellAbout(): void {
    const { host, device } = this.target;
    const { frontend, backend } = this.ends();
    this.panel.title = `PV Calls: ${frontend}`;
    this.post({
      kind: 'about',
      host,
      device,
      hostLabel: this.xenscope.hosts.find(host)?.label ?? host,
      frontend,
      backend,
      states: socketStates,
      known: knownMeanings,
      canCompose: contributed(this.xenscope, 'xenscope.pvcalls.compose'),
      canIntercept: contributed(this.xenscope, 'xenscope.pvcalls.intercept'),
    });
  }

  /** As they are called now; before the first frame only the path of the frontend tells who it is. */
  private ends(): { readonly frontend: string; readonly backend: string } {
    const { row, names } = this;
    if (row) return { frontend: names.of(row.frontend.domid), backend: names.of(row.backend.domid) };
    const { device } = this.target;
    const domid = /^\/local\/domain\/([0-9]+)\//.exec(device)?.[1];
    return { frontend: domid === undefined ? device : names.of(Number(domid)), backend: '?' };
  }

  private away(text: string): void {
    this.post({ kind: 'away', text });
  }

  private post(message: ToPvCalls): void {
    if (!this.closed) void this.panel.webview.postMessage(message);
  }
}

/** Brings the panels back that were open when the window was loaded anew. */
export function revivePvCallsPanels(xenscope: Xenscope): vscode.Disposable {
  return revivePanels(xenscope, {
    page: 'pvcalls',
    keptIn: (state) => keptWords(state, 'host', 'device'),
    revive: (panel, target) => PvCallsPanel.revive(xenscope, panel, target),
  });
}

function keyOf({ host, device }: PvCallsTarget): string {
  return `${host}:${device}`;
}

function contributed({ extension }: Xenscope, command: string): boolean {
  const { contributes } = extension.extension.packageJSON as {
    contributes: { commands: readonly { command: string }[] };
  };
  return contributes.commands.some((one) => one.command === command);
}
