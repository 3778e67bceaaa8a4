/** The panel of a command composer of PV Calls: between its page, the server that holds the session, and what is kept. */
import * as vscode from 'vscode';
import type { ComposerDraft, ComposerForm, ComposerLayouts, ComposerNews } from '../../server/rpc/api';
import type { FromPvCallsComposer, KeptComposer, ToPvCallsComposer } from '../../webview/messages';
import type { Xenscope } from '../context';
import { failureOf, failures } from '../errors';
import { askName, tellRemoved } from '../pvcallsComposer/askName';
import { type OpenedComposer, openComposer } from '../pvcallsComposer/open';
import { ask } from '../say';
import { QuickSteps, type QuickWish } from '../pvcallsComposer/quickSteps';
import { SocketEnd, type SocketTarget } from '../pvcallsComposer/socketEnd';
import { type ComposerSubject, keptAbout, titleOf } from '../pvcallsComposer/subject';
import { texts } from '../texts';
import { DevicePanel } from './device';
import { fillPage, openPage } from './html';
import { PageMail } from './pageMail';
import { RingPanel } from './ring';

interface Catalog {
  readonly forms: readonly ComposerForm[];
  readonly layouts: ComposerLayouts;
}

const connectTimeoutMs = 10_000;

/** Asks where the guard wants it, and opens it in a panel; `wish`: what is done there at once. */
export async function openComposerPanel(
  xenscope: Xenscope,
  subject: ComposerSubject,
  catalog: Catalog,
  wish?: QuickWish,
): Promise<void> {
  const opened = await openComposer(xenscope, subject.host, subject.plan);
  if (!opened) return;
  const panel = openPage(xenscope.extension, 'pvcallsComposer', {
    title: titleOf(subject),
    staysWhenHidden: true,
  });
  new PvCallsComposerPanel(xenscope, panel, subject, { opened, catalog, wish });
}

/** Panels that were open when the window was closed come back, without their sessions. */
export function reviveComposerPanels(xenscope: Xenscope): vscode.Disposable {
  return vscode.window.registerWebviewPanelSerializer('xenscope.pvcallsComposer', {
    deserializeWebviewPanel: async (panel: vscode.WebviewPanel, kept: KeptComposer | undefined) => {
      const about = keptAbout(kept);
      // A page that never heard what it is about has nothing to be restored from.
      if (!about) return panel.dispose();
      fillPage(panel, xenscope.extension, 'pvcallsComposer');
      new PvCallsComposerPanel(xenscope, panel, about, { lines: about.lines });
    },
  });
}

interface Begun {
  readonly opened?: OpenedComposer;
  readonly catalog?: Catalog;
  readonly wish?: QuickWish | undefined;
  readonly lines?: readonly string[];
}

class PvCallsComposerPanel {
  private readonly mail: PageMail<ToPvCallsComposer>;
  private readonly subscriptions: { dispose(): void }[];
  private readonly ends = new Map<string, SocketEnd>();
  private composerId: number | undefined;
  private lines: readonly string[];
  private catalog: Catalog | undefined;
  private latest: ComposerNews | undefined;
  private steps: QuickSteps | undefined;
  private isClosed = false;
  /** Why there is no session; undefined while there is one. */
  private awayText: string | undefined;
  private reopening: Promise<void> | undefined;

  constructor(
    private readonly xenscope: Xenscope,
    panel: vscode.WebviewPanel,
    private readonly subject: ComposerSubject,
    { opened, catalog, wish, lines = [] }: Begun,
  ) {
    const { connection, hosts, composerNews, favourites } = xenscope;
    const { host } = subject;
    this.mail = new PageMail(panel.webview);
    this.composerId = opened?.composerId;
    this.lines = opened?.lines ?? lines;
    this.catalog = catalog;
    this.steps = wish && new QuickSteps(wish);
    if (opened) this.post({ kind: 'opening' });
    else this.tellAway(texts.composer.windowAnew);
    this.subscriptions = [
      composerNews.event(
        (news) => news.host === host && news.composerId === this.composerId && this.take(news),
      ),
      connection.onState(() => this.lookWhoIsThere()),
      hosts.onChange(() => this.lookWhoIsThere()),
      favourites.onChange(() => this.tellFavourites()),
    ];
    panel.onDidDispose(() => this.dispose());
    panel.webview.onDidReceiveMessage((message: FromPvCallsComposer) => void this.receive(message));
  }

  private async receive(message: FromPvCallsComposer): Promise<void> {
    try {
      await this.act(message);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === 'cancelled') return;
      this.say(failure.text, true, message.kind === 'atSocket' ? message.id : undefined);
    }
  }

  private async act(message: FromPvCallsComposer): Promise<unknown> {
    const { connection, favourites } = this.xenscope;
    switch (message.kind) {
      case 'ready':
        return this.ready();
      case 'check':
        return this.check(message.serial, message.draft);
      case 'call':
        return this.call(message.serial, message.draft);
      case 'saveFavourite': {
        const name = await askName(favourites);
        return name === undefined ? undefined : favourites.save(name, message.draft);
      }
      case 'renameFavourite': {
        const name = await askName(favourites, message.name);
        return name === undefined ? undefined : favourites.rename(message.name, name);
      }
      case 'removeFavourite':
        return tellRemoved(favourites, await favourites.remove(message.name));
      case 'showRing':
        return RingPanel.open(this.xenscope, this.subject.host, message.ring);
      case 'showDevice':
        return this.showDevice();
      case 'showObserved':
        return this.showObserved();
      case 'close':
        return connection.request('xenscope/composerEnd', { ...this.target(), how: 'close' });
      case 'kill':
        return connection.request('xenscope/composerEnd', { ...this.target(), how: 'killed' });
      case 'reopen':
        return this.reopen();
      case 'atSocket':
        return this.endOf(message.id).act(message.act);
    }
  }

  /** Whose ring it is comes first: all else is told with those names. */
  private ready(): void {
    const { latest, catalog } = this;
    const waiting = this.mail.begin();
    this.tellAbout();
    if (catalog) this.post({ kind: 'catalog', ...catalog });
    this.tellFavourites();
    if (waiting) for (const message of waiting) this.post(message);
    // The page was loaded anew: what passed was shown by the one before.
    else if (this.awayText !== undefined) this.tellAway(this.awayText);
    else if (latest) {
      this.post({ kind: 'news', news: { ...latest, entries: [], received: [] } });
      for (const end of this.ends.values()) end.tellAgain();
    }
  }

  private async check(serial: number, draft: ComposerDraft): Promise<void> {
    if (this.composerId === undefined) return;
    const { connection } = this.xenscope;
    try {
      const check = await connection.request('xenscope/composerCheck', { ...this.target(), draft });
      this.post({ kind: 'checked', serial, check });
    } catch (error) {
      this.post({ kind: 'checked', serial, problem: failureOf(error).text });
    }
  }

  /** The page waits for an answer in any case. */
  private async call(serial: number, draft: ComposerDraft): Promise<void> {
    try {
      this.post({ kind: 'called', serial, number: await this.send(draft) });
    } catch (error) {
      const { code, text } = failureOf(error);
      this.post({ kind: 'called', serial, ...(code !== 'cancelled' && { problem: text }) });
    }
  }

  /** What may harm a backend on a real host is asked about first. */
  private async send(draft: ComposerDraft): Promise<number> {
    const { connection } = this.xenscope;
    const target = this.target();
    const { confirm, text = '' } = await connection.request('xenscope/composerCheck', { ...target, draft });
    if (confirm !== undefined && (await ask(confirm, text, 'Send')) !== 'Send') throw failures.notConfirmed();
    const confirmed = confirm !== undefined;
    const call = await connection.request('xenscope/composerCall', { ...target, draft, confirmed });
    return call.number;
  }

  private endOf(id: string): SocketEnd {
    const known = this.ends.get(id);
    if (known) return known;
    const { connection, report } = this.xenscope;
    const made = new SocketEnd({
      id,
      connection,
      target: (): SocketTarget => ({ ...this.target(), id }),
      call: (command, fields) => this.send({ kind: 'fields', command, fields }),
      post: (message) => this.post(message),
      say: (text, failed) => this.say(text, failed, id),
      report,
    });
    this.ends.set(id, made);
    return made;
  }

  private async showDevice(): Promise<void> {
    const device = this.latest?.state.device.frontend;
    if (device !== undefined) DevicePanel.open(this.xenscope, this.subject.host, device);
  }

  private async showObserved(): Promise<void> {
    const device = this.latest?.state.device.frontend;
    if (device === undefined) return;
    await vscode.commands.executeCommand('xenscope.pvcalls.open', { host: this.subject.host, device });
  }

  /** The same once more, one at a time: a second session would be nobody's. */
  private reopen(): Promise<void> {
    this.reopening ??= this.tryOpening().finally(() => (this.reopening = undefined));
    return this.reopening;
  }

  private async tryOpening(): Promise<void> {
    try {
      await this.openAnew();
    } catch (error) {
      this.tellAway(texts.composer.notOpened);
      throw error;
    }
  }

  /** What was left of the one before goes first. */
  private async openAnew(): Promise<void> {
    const { connection, hosts } = this.xenscope;
    const { host, plan } = this.subject;
    if (hosts.list.length === 0) await hosts.load();
    await hosts.whenConnected(host, connectTimeoutMs);
    await this.forget();
    const choices = await connection.request('xenscope/composerChoices', { host });
    const opened = await openComposer(this.xenscope, host, plan);
    if (!opened) return this.tellAway(texts.composer.notOpened);
    if (this.isClosed) {
      await connection.request('xenscope/composerForget', { host, composerId: opened.composerId });
      return;
    }
    this.catalog = choices;
    this.lines = opened.lines;
    this.composerId = opened.composerId;
    this.awayText = undefined;
    this.tellAbout();
    this.post({ kind: 'catalog', forms: choices.forms, layouts: choices.layouts });
    this.post({ kind: 'opening' });
  }

  private take(news: ComposerNews): void {
    this.latest = news;
    for (const { id, bytes, leftOutBytes } of news.received) {
      this.ends.get(id)?.took(Buffer.from(bytes, 'base64'), leftOutBytes, news.timeMs);
    }
    this.forgetEnds(news.state.sockets);
    this.post({ kind: 'news', news });
    this.goOn(news).catch(this.xenscope.report);
  }

  /** What was wished for when it was opened. */
  private async goOn({ state, entries }: ComposerNews): Promise<void> {
    const { steps } = this;
    const step = steps?.next(state, entries);
    if (!steps || !step) return;
    if (step.kind === 'show') return this.post({ kind: 'showSocket', id: step.id });
    try {
      steps.sent(await this.send(step.draft));
      // It may have been answered before we knew its number.
      if (this.latest) await this.goOn({ ...this.latest, entries: [] });
    } catch (error) {
      steps.end();
      const { code, text } = failureOf(error);
      if (code !== 'cancelled') this.say(text, true);
    }
  }

  private target(): { host: string; composerId: number } {
    const { composerId } = this;
    if (composerId !== undefined) return { host: this.subject.host, composerId };
    throw new Error(texts.composer.notOpened);
  }

  private lookWhoIsThere(): void {
    const { connection, hosts } = this.xenscope;
    if (connection.state.kind !== 'running') this.away(texts.composer.serverAway);
    else if (hosts.find(this.subject.host)?.state.kind === 'idle') this.away(texts.composer.hostAway);
  }

  private away(text: string): void {
    // Whoever holds it now, the session of before is gone.
    if (this.composerId === undefined) return;
    this.composerId = undefined;
    this.latest = undefined;
    this.closeEnds();
    this.tellAway(text);
  }

  private tellAway(text: string): void {
    this.awayText = text;
    this.post({ kind: 'away', text });
  }

  private tellAbout(): void {
    const { hosts } = this.xenscope;
    const info = hosts.find(this.subject.host);
    const { host, plan, frontend, backend } = this.subject;
    this.post({
      kind: 'about',
      host,
      plan,
      frontend,
      backend,
      hostLabel: info?.label ?? host,
      simulated: info?.world !== undefined,
      lines: this.lines,
    });
  }

  private tellFavourites(): void {
    this.post({ kind: 'favourites', favourites: this.xenscope.favourites.list });
  }

  /** `id`: of what was done at this socket. */
  private say(text: string, failed: boolean, id?: string): void {
    this.post({ kind: 'said', text, failed, ...(id !== undefined && { id }) });
  }

  /** A socket of the same number may come later, and is another one. */
  private forgetEnds(sockets: ComposerNews['state']['sockets']): void {
    const connected = new Set(sockets.flatMap(({ id, stream }) => (stream ? [id] : [])));
    for (const [id, end] of this.ends) {
      if (connected.has(id)) continue;
      this.ends.delete(id);
      end.close().catch(this.xenscope.report);
    }
  }

  private closeEnds(): void {
    for (const end of this.ends.values()) end.close().catch(this.xenscope.report);
    this.ends.clear();
  }

  private async forget(): Promise<void> {
    const { composerId } = this;
    this.composerId = undefined;
    this.latest = undefined;
    this.steps = undefined;
    this.closeEnds();
    const { connection } = this.xenscope;
    if (composerId === undefined || connection.state.kind !== 'running') return;
    await connection.request('xenscope/composerForget', { host: this.subject.host, composerId });
  }

  private dispose(): void {
    this.isClosed = true;
    for (const subscription of this.subscriptions) subscription.dispose();
    this.forget().catch(this.xenscope.report);
  }

  private post(message: ToPvCallsComposer): void {
    if (!this.isClosed) this.mail.post(message);
  }
}
