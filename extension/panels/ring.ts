/** The panel of one ring: frames from the server to the page, and the reconnect in between. */
import * as vscode from 'vscode';
import type { RingFrame } from '../../server/rpc/api';
import type { FromRing, ToRing } from '../../webview/messages';
import type { Xenscope } from '../context';
import { failureOf } from '../errors';
import { ringOwner, ringTitle } from '../rings/ringTexts';
import { texts } from '../texts';
import { webviewPage } from './html';

/** Thirty a second. */
const frameIntervalMs = 33;
const connectTimeoutMs = 10_000;
let lastSerial = 0;

export class RingPanel {
  private static readonly panels = new Map<string, RingPanel>();

  static open(xenscope: Xenscope, host: string, ring: string): RingPanel {
    const key = `${host}:${ring}`;
    let panel = RingPanel.panels.get(key);
    if (panel) panel.panel.reveal();
    else {
      panel = new RingPanel(xenscope, host, ring, () => RingPanel.panels.delete(key));
      RingPanel.panels.set(key, panel);
    }
    return panel;
  }

  private readonly panel: vscode.WebviewPanel;
  private readonly subscriptions: { dispose(): void }[];
  private viewId: number | undefined;
  private following = false;
  /** Counts the asks for frames, so that an answer to an older one is given back. */
  private asks = 0;
  private paused = false;
  private closed = false;
  private loaded!: () => void;
  private readonly ready = new Promise<void>((resolve) => (this.loaded = resolve));
  /** The serial of the last reconnect: what comes of older ones is dropped. */
  private reconnecting = 0;
  private isReconnecting = false;

  private constructor(
    private readonly xenscope: Xenscope,
    private readonly host: string,
    private readonly ring: string,
    closed: () => void,
  ) {
    const { extensionUri } = xenscope.extension;
    const { connection, hosts, rings } = xenscope;
    this.panel = vscode.window.createWebviewPanel('xenscope.ring', this.title(), vscode.ViewColumn.Active, {
      enableScripts: true,
      retainContextWhenHidden: true,
      localResourceRoots: [vscode.Uri.joinPath(extensionUri, 'dist')],
    });
    const { webview } = this.panel;
    this.subscriptions = [
      rings.onFrame(({ viewId, frame }) => viewId === this.viewId && this.show(frame)),
      rings.onGone(({ viewId }) => viewId === this.viewId && this.gone()),
      rings.onReconnectStep(({ serial, step }) => {
        if (serial === this.reconnecting) this.post({ kind: 'reconnectStep', step });
      }),
      connection.onState(({ kind }) => kind !== 'running' && this.away(texts.ringServerAway)),
      hosts.onConnected(({ id }) => id === this.host && this.followAnew()),
      hosts.onDomains((id) => id === this.host && this.tellAbout()),
      hosts.onChange(() => this.lookAtHost()),
    ];
    this.panel.onDidDispose(() => {
      this.unfollow();
      this.closed = true;
      for (const subscription of this.subscriptions) subscription.dispose();
      closed();
    });
    this.panel.onDidChangeViewState(() => void this.follow());
    webview.onDidReceiveMessage((message: FromRing) => void this.receive(message));
    webview.html = webviewPage(webview, extensionUri, 'ring', 'Ring');
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
        return this.follow();
      case 'askReconnect':
        return this.askReconnect();
      case 'reconnect':
        return this.reconnect(message.forced);
      case 'pause':
        this.paused = message.paused;
        return this.follow();
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

  /** Frames come while the page is on screen and not paused. */
  private async follow(): Promise<void> {
    const wanted = !this.closed && this.panel.visible && !this.paused;
    if (wanted === this.following) return;
    this.unfollow();
    if (!wanted) return;
    this.following = true;
    const ask = this.asks;
    const { connection, hosts } = this.xenscope;
    const { host, ring } = this;
    try {
      await hosts.whenConnected(host, connectTimeoutMs);
      const { viewId, strip } = await connection.request('xenscope/ring', {
        host,
        ring,
        intervalMs: frameIntervalMs,
      });
      if (ask === this.asks) {
        this.viewId = viewId;
        this.post({ kind: 'strip', strip });
      } else await connection.request('xenscope/ringStop', { viewId });
    } catch (error) {
      if (ask === this.asks) this.away(failureOf(error).text);
    }
  }

  /** The host came back, perhaps with another server: what was asked for before is forgotten there. */
  private followAnew(): void {
    this.forgetReconnect();
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
    connection.request('xenscope/ringStop', { viewId }).catch(report);
  }

  /** What comes of one that still runs is dropped; what it came to says nothing of the next connection. */
  private forgetReconnect(): void {
    this.reconnecting = ++lastSerial;
    this.isReconnecting = false;
    this.post({ kind: 'anew' });
  }

  private show(frame: RingFrame): void {
    this.post({ kind: 'frame', frame });
  }

  private gone(): void {
    this.forgetReconnect();
    this.viewId = undefined;
    this.away(texts.ringGone);
  }

  private lookAtHost(): void {
    const kind = this.xenscope.hosts.find(this.host)?.state.kind;
    if (kind !== 'connected') this.away(texts.ringHostAway);
  }

  private away(text: string): void {
    this.post({ kind: 'away', text });
  }

  private tellAbout(): void {
    this.panel.title = this.title();
    const host = this.xenscope.hosts.find(this.host);
    this.post({
      kind: 'about',
      owner: this.owner(),
      hostLabel: host?.label ?? this.host,
      simulated: host?.world !== undefined,
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
