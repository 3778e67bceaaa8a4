/** The panel of one ring: frames from the server to the page, and the reconnect in between. */
import * as vscode from 'vscode';
import type { RingFrame } from '../../server/rpc/api';
import type { FromRing, ToRing } from '../../webview/messages';
import type { Xenscope } from '../context';
import { failureOf } from '../errors';
import { ringOwner, ringTitle } from '../rings/ringTexts';
import { texts } from '../texts';
import { followHost } from './followHost';
import { openPage } from './html';
import { keptWords } from './keptWords';
import { OpenPanels } from './openPanels';
import { revivePanels } from './revive';
import { Viewer } from './viewer';

/** Thirty a second. */
const frameIntervalMs = 33;
let lastSerial = 0;

interface RingTarget {
  readonly host: string;
  readonly ring: string;
}

export class RingPanel {
  private static readonly panels = new OpenPanels<RingPanel>();

  static open(xenscope: Xenscope, host: string, ring: string): RingPanel {
    return RingPanel.panels.open(`${host}:${ring}`, (closed) => {
      const panel = openPage(xenscope.extension, 'ring', { title: ringTitle(ring), staysWhenHidden: true });
      return new RingPanel(xenscope, panel, { host, ring }, closed);
    });
  }

  static revive(xenscope: Xenscope, panel: vscode.WebviewPanel, target: RingTarget): void {
    const made = (closed: () => void) => new RingPanel(xenscope, panel, target, closed);
    RingPanel.panels.open(`${target.host}:${target.ring}`, made, panel);
  }

  /** Frames come while the page is on screen and not paused. */
  private readonly viewer: Viewer;
  private paused = false;
  private closed = false;
  private isSeen = false;
  private readonly host: string;
  private readonly ring: string;
  private loaded!: () => void;
  private readonly ready = new Promise<void>((resolve) => (this.loaded = resolve));
  /** The serial of the last reconnect: what comes of older ones is dropped. */
  private reconnecting = 0;
  private isReconnecting = false;

  private constructor(
    private readonly xenscope: Xenscope,
    private readonly panel: vscode.WebviewPanel,
    { host, ring }: RingTarget,
    closed: () => void,
  ) {
    const { rings } = xenscope;
    this.host = host;
    this.ring = ring;
    this.panel.title = this.title();
    this.viewer = new Viewer({
      xenscope,
      host,
      isWanted: () => !this.closed && this.panel.visible && !this.paused,
      open: () => this.open(),
      stop: 'xenscope/ringStop',
      failed: (failure) => (failure.code === 'gone' ? this.tellGone() : this.away(failure.text)),
    });
    followHost(
      {
        xenscope,
        host,
        panel: this.panel,
        viewer: this.viewer,
        away: (text) => this.away(text),
        connected: () => this.followAnew(),
        renamed: () => this.tellAbout(),
        closed: () => {
          this.closed = true;
          closed();
        },
      },
      [
        rings.onFrame(({ viewId, frame }) => viewId === this.viewer.viewId && this.show(frame)),
        rings.onGone(({ viewId }) => viewId === this.viewer.viewId && this.gone()),
        rings.onReconnectStep(({ serial, step }) => {
          if (serial === this.reconnecting) this.post({ kind: 'reconnectStep', step });
        }),
      ],
    );
    this.panel.webview.onDidReceiveMessage((message: FromRing) => void this.receive(message));
  }

  reveal(): void {
    this.panel.reveal();
  }

  /** Shows what a reconnect would do, with the button that does it. */
  async askReconnect(): Promise<void> {
    await this.ready;
    // The page shows the steps of the one that runs; a question would take their place.
    if (this.isReconnecting) return;
    const { host, ring } = this;
    const serial = this.reconnecting;
    const isStale = () => serial !== this.reconnecting;
    await this.orTell(isStale, async () => {
      const preview = await this.xenscope.connection.request('xenscope/reconnectPreview', { host, ring });
      if (!isStale()) this.post({ kind: 'reconnectPreview', preview });
    });
  }

  private async receive(message: FromRing): Promise<void> {
    switch (message.kind) {
      case 'ready':
        this.loaded();
        this.tellAbout();
        return this.viewer.ready();
      case 'askReconnect':
        return this.askReconnect();
      case 'reconnect':
        return this.reconnect(message.forced);
      case 'pause':
        this.paused = message.paused;
        return this.viewer.look();
      case 'copy':
        return vscode.env.clipboard.writeText(message.text);
    }
  }

  private async reconnect(forced: boolean): Promise<void> {
    const { host, ring } = this;
    const serial = (this.reconnecting = ++lastSerial);
    const isStale = () => serial !== this.reconnecting;
    this.isReconnecting = true;
    await this.orTell(isStale, async () => {
      const { connection } = this.xenscope;
      const consent = { confirmed: true, forced };
      const result = await connection.request('xenscope/reconnect', { host, ring, serial, ...consent });
      if (!isStale()) this.post({ kind: 'reconnectResult', result });
    });
    if (!isStale()) this.isReconnecting = false;
  }

  private async orTell(isStale: () => boolean, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isStale()) return;
      this.post({ kind: 'reconnectFailed', text: failureOf(error).text });
    }
  }

  private async open() {
    const { host, ring } = this;
    const params = { host, ring, intervalMs: frameIntervalMs };
    const { viewId, strip } = await this.xenscope.connection.request('xenscope/ring', params);
    return { viewId, opened: () => this.post({ kind: 'strip', strip }) };
  }

  private followAnew(): void {
    this.forgetReconnect();
    this.viewer.begin();
  }

  /** What comes of one that still runs is dropped; what it came to says nothing of the next connection. */
  private forgetReconnect(): void {
    this.reconnecting = ++lastSerial;
    this.isReconnecting = false;
    this.post({ kind: 'anew' });
  }

  private show(frame: RingFrame): void {
    this.isSeen = true;
    this.post({ kind: 'frame', frame });
  }

  private gone(): void {
    this.forgetReconnect();
    this.viewer.ended();
    this.tellGone();
  }

  private tellGone(): void {
    this.away(this.isSeen ? texts.ringGone : texts.ringNeverSeen);
  }

  private away(text: string): void {
    this.post({ kind: 'away', text });
  }

  private tellAbout(): void {
    this.panel.title = this.title();
    const { host, ring } = this;
    const info = this.xenscope.hosts.find(host);
    this.post({
      kind: 'about',
      host,
      ring,
      owner: this.owner(),
      hostLabel: info?.label ?? host,
      simulated: info?.world !== undefined,
    });
  }

  private title(): string {
    return `${ringTitle(this.ring)}: ${this.owner()}`;
  }

  private owner(): string {
    return this.xenscope.hosts.domainName(this.host, ringOwner(this.ring));
  }

  private post(message: ToRing): void {
    if (!this.closed) void this.panel.webview.postMessage(message);
  }
}

/** Brings the panels back that were open when the window was loaded anew. */
export function reviveRingPanels(xenscope: Xenscope): vscode.Disposable {
  return revivePanels(xenscope, {
    page: 'ring',
    keptIn: (state) => keptWords(state, 'host', 'ring'),
    revive: (panel, target) => RingPanel.revive(xenscope, panel, target),
  });
}
