/** The panel that stands before a backend of PV Calls: between its page and the server, and what is kept of it. */
import * as vscode from 'vscode';
import type { ErrnoRow, InterceptNews, InterceptSettings } from '../../server/rpc/api';
import type { FromPvCallsIntercept, KeptIntercept, ToPvCallsIntercept } from '../../webview/messages';
import type { Xenscope } from '../context';
import { failureOf } from '../errors';
import { KnownNames } from '../knownNames';
import { closeServing, leaveServing } from '../pvcallsIntercept/leaveServing';
import { openServing } from '../pvcallsIntercept/openServing';
import { KeptSettings } from '../pvcallsIntercept/keptSettings';
import { interceptTexts as texts } from '../pvcallsIntercept/interceptTexts';
import { type InterceptSubject, keptSubject } from '../pvcallsIntercept/subject';
import { fillPage, openPage } from './html';
import { OpenPanels } from './openPanels';
import { PageMail } from './pageMail';

const viewType = 'pvcallsIntercept';
const connectTimeoutMs = 10_000;

export class PvCallsInterceptPanel {
  private static readonly panels = new OpenPanels<PvCallsInterceptPanel>();

  static open(xenscope: Xenscope, subject: InterceptSubject, panel?: vscode.WebviewPanel): void {
    const made = (closed: () => void) => new PvCallsInterceptPanel(xenscope, subject, closed, panel);
    this.panels.open(`${subject.host} ${subject.domid}`, made, panel);
  }

  private readonly panel: vscode.WebviewPanel;
  private readonly mail: PageMail<ToPvCallsIntercept>;
  private readonly subscriptions: { dispose(): void }[];
  private readonly keptSettings: KeptSettings;
  private settings: InterceptSettings;
  private errors: readonly ErrnoRow[] = [];
  private viewId: number | undefined;
  private following: Promise<void> | undefined;
  private latest: InterceptNews | undefined;
  private awayText: string | undefined;
  private isClosed = false;
  private readonly names: KnownNames;

  private constructor(
    private readonly xenscope: Xenscope,
    private readonly subject: InterceptSubject,
    private readonly closed: () => void,
    revived: vscode.WebviewPanel | undefined,
  ) {
    const { extension, connection, hosts, interceptNews } = xenscope;
    const { host, domid } = subject;
    this.keptSettings = new KeptSettings(extension.globalState);
    this.names = new KnownNames(hosts, host);
    this.settings = this.keptSettings.of(host, domid);
    const title = texts.title(hosts.domainName(host, domid));
    if (revived) fillPage(revived, extension, viewType);
    this.panel = revived ?? openPage(extension, viewType, { title, staysWhenHidden: true });
    this.mail = new PageMail(this.panel.webview);
    this.subscriptions = [
      interceptNews.event((news) => news.host === host && news.viewId === this.viewId && this.take(news)),
      connection.onState(() => this.lookWhoIsThere()),
      hosts.onChange(() => this.lookWhoIsThere()),
      hosts.onConnected((info) => info.id === host && this.follow()),
      hosts.onDomains((id) => id === host && this.tellAbout()),
    ];
    this.panel.onDidDispose(() => this.dispose());
    this.panel.webview.onDidReceiveMessage((message: FromPvCallsIntercept) => void this.receive(message));
    this.follow();
  }

  reveal(): void {
    this.panel.reveal();
  }

  private async receive(message: FromPvCallsIntercept): Promise<void> {
    try {
      await this.act(message);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code !== 'cancelled') this.say(failure.text, true);
    }
  }

  private async act(message: FromPvCallsIntercept): Promise<unknown> {
    const { connection } = this.xenscope;
    switch (message.kind) {
      case 'ready':
        return this.ready();
      case 'set':
        return this.set(message.settings);
      case 'decide': {
        const { call, decision, delayMs } = message;
        return connection.request('xenscope/interceptDecide', { ...this.target(), call, decision, delayMs });
      }
      case 'check':
        return this.check(message.serial, message.line);
      case 'openBackend':
        return openServing(this.xenscope, this.subject.host);
      case 'closeBackend':
        return this.say(await closeServing(this.xenscope, this.subject.host), false);
      case 'retry':
        return this.follow();
    }
  }

  /** Whose backend it is comes first: all else is told with those names. */
  private ready(): void {
    const { latest } = this;
    const waiting = this.mail.begin();
    this.tellAbout();
    if (waiting) for (const message of waiting) this.post(message);
    // The page was loaded anew: what happened was shown by the one before.
    else if (latest) this.show({ ...latest, events: [], eventsLeftOut: 0 });
    else if (this.awayText !== undefined) this.post({ kind: 'away', text: this.awayText });
  }

  /** The page waits for an answer in any case: until then it keeps what was typed. */
  private async check(serial: number, line: string): Promise<void> {
    try {
      const check = await this.xenscope.connection.request('xenscope/interceptCheck', { line });
      this.post({ kind: 'checked', serial, ...check });
    } catch (error) {
      this.post({ kind: 'checked', serial, text: failureOf(error).text, isWrong: true });
    }
  }

  private async set(settings: InterceptSettings): Promise<void> {
    this.settings = settings;
    const { host, domid } = this.subject;
    await this.keptSettings.keep(host, domid, settings);
    if (!this.latest?.state) return;
    await this.xenscope.connection.request('xenscope/interceptSet', { ...this.target(), settings });
  }

  /** Begins to be told of the backend, or again after a new start of the server or the host. */
  private follow(): void {
    if (this.isClosed || this.following) return;
    this.following = this.begin()
      .catch((error: unknown) => this.xenscope.report(error))
      .finally(() => (this.following = undefined));
  }

  private async begin(): Promise<void> {
    const { connection, hosts } = this.xenscope;
    const { host } = this.subject;
    try {
      await hosts.whenConnected(host, connectTimeoutMs);
      const { viewId, errors } = await connection.request('xenscope/intercept', this.target());
      if (this.isClosed) return void (await connection.request('xenscope/interceptStop', { viewId }));
      // Of before the host went away and came back: the server would go on with it as well.
      this.stopView();
      this.viewId = viewId;
      this.errors = errors;
      this.awayText = undefined;
      this.tellAbout();
    } catch (error) {
      this.away(failureOf(error).text);
    }
  }

  private take(news: InterceptNews): void {
    const wasThere = this.latest?.state !== undefined;
    this.latest = news;
    this.show(news);
    // Another backend in the place of the one before: it is told what the person has set. Nobody else has set
    // anything there: a server is one window's, and a backend has one panel.
    if (!news.state || wasThere) return;
    const { settings } = this;
    this.xenscope.connection
      .request('xenscope/interceptSet', { ...this.target(), settings })
      .catch(this.xenscope.report);
  }

  private show(news: InterceptNews): void {
    const domids = new Set([
      ...news.events.map(({ domid }) => domid),
      ...(news.state?.held ?? []).map(({ domid }) => domid),
      ...(news.state?.devices ?? []).map(({ domid }) => domid),
    ]);
    for (const domid of domids) this.names.of(domid);
    this.post({ kind: 'news', news, names: this.names.all });
  }

  private target(): { host: string; domid: number } {
    const { host, domid } = this.subject;
    return { host, domid };
  }

  private lookWhoIsThere(): void {
    const { connection, hosts } = this.xenscope;
    const state = hosts.find(this.subject.host)?.state.kind;
    if (connection.state.kind !== 'running') {
      // Before the first start there is nothing to miss.
      if (this.viewId !== undefined) this.away(texts.serverAway);
    } else if (state !== 'connected') {
      if (this.viewId !== undefined) this.away(texts.hostAway);
    } else if (this.viewId === undefined && this.awayText === texts.hostAway) this.follow();
  }

  private away(text: string): void {
    if (this.awayText === text) return;
    this.stopView();
    this.latest = undefined;
    this.awayText = text;
    this.post({ kind: 'away', text });
  }

  /** With the server its views are gone too: another one gives their numbers to others. */
  private stopView(): void {
    const { connection, report } = this.xenscope;
    const { viewId } = this;
    this.viewId = undefined;
    if (viewId === undefined || connection.state.kind !== 'running') return;
    connection.request('xenscope/interceptStop', { viewId }).catch(report);
  }

  private tellAbout(): void {
    const { hosts } = this.xenscope;
    const { subject, settings, errors } = this;
    const backend = hosts.domainName(subject.host, subject.domid);
    this.panel.title = texts.title(backend);
    const hostLabel = hosts.find(subject.host)?.label ?? subject.host;
    this.post({ kind: 'about', ...subject, backend, hostLabel, settings, errors });
  }

  private say(text: string, failed: boolean): void {
    this.post({ kind: 'said', text, failed });
  }

  private dispose(): void {
    this.isClosed = true;
    this.closed();
    for (const subscription of this.subscriptions) subscription.dispose();
    this.leave().catch(this.xenscope.report);
  }

  /** Nobody decides any more: what is held passes. */
  private async leave(): Promise<void> {
    const { connection } = this.xenscope;
    const { viewId, latest, subject } = this;
    if (viewId === undefined || connection.state.kind !== 'running') return;
    this.stopView();
    if (!latest?.state) return;
    const settings = { ...this.settings, isOn: false };
    await connection.request('xenscope/interceptSet', { ...this.target(), settings });
    if (subject.isOwn) await leaveServing(this.xenscope, subject.host, latest.state.devices.length);
  }

  private post(message: ToPvCallsIntercept): void {
    if (!this.isClosed) this.mail.post(message);
  }
}

/** Panels that were open when the window was closed come back, with their rules, and off. */
export function reviveInterceptPanels(xenscope: Xenscope): vscode.Disposable {
  return vscode.window.registerWebviewPanelSerializer(`xenscope.${viewType}`, {
    deserializeWebviewPanel: async (panel: vscode.WebviewPanel, kept: KeptIntercept | undefined) => {
      const subject = keptSubject(kept);
      // A page that never heard what it is about has nothing to be restored from.
      if (subject) PvCallsInterceptPanel.open(xenscope, subject, panel);
      else panel.dispose();
    },
  });
}
