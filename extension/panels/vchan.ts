/** The console of a vchan: between its page, the server that holds or watches it, and the person's files. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { VchanNews } from '../../server/rpc/api';
import type { FromVchan, KeptVchan, ToVchan } from '../../webview/messages';
import { Recorder } from '../console/recorder';
import { Sender } from '../console/sender';
import type { Xenscope } from '../context';
import { failureOf } from '../errors';
import { ringOwner } from '../rings/ringTexts';
import { texts } from '../texts';
import { keptVchan } from '../vchan/kept';
import { hostText, shortPath } from '../vchan/plan';
import { type Opened, type VchanSubject, openSubject } from '../vchan/subject';
import { openPage } from './html';
import { PageMail } from './pageMail';
import { revivePanels } from './revive';
import { RingPanel } from './ring';

const connectTimeoutMs = 10_000;

/** Asks where the guard wants it, and opens it in a panel. */
export async function openVchanPanel(xenscope: Xenscope, host: string, subject: VchanSubject): Promise<void> {
  const opened = await openSubject(xenscope, host, subject);
  if (!opened) return;
  const panel = openPage(xenscope.extension, 'vchan', { title: 'Vchan', staysWhenHidden: true });
  new VchanPanel(xenscope, panel, { host, subject, names: [], ...opened });
}

/** Brings the panels back that were open when the window was loaded anew: without their ends, which closed with it. */
export function reviveVchanPanels(xenscope: Xenscope): vscode.Disposable {
  return revivePanels(xenscope, {
    page: 'vchan',
    keptIn: keptVchan,
    revive: (panel, kept) => new VchanPanel(xenscope, panel, kept).revived(),
  });
}

/** What a panel begins with: open, or not yet again. */
type Begun = KeptVchan & Partial<Opened>;

interface Target {
  readonly host: string;
  readonly consoleId: number;
}

class VchanPanel {
  private readonly host: string;
  private readonly subject: VchanSubject;
  private opened: Partial<Opened> & Pick<Opened, 'lines'>;
  private readonly mail: PageMail<ToVchan>;
  private readonly subscriptions: { dispose(): void }[];
  private readonly sender: Sender<Target>;
  private consoleId: number | undefined;
  private latest: VchanNews | undefined;
  private readonly recorder: Recorder;
  /** Whether the person wants what comes to be read. */
  private reads = true;
  private closed = false;
  /** How domains were called when they were there last. */
  private readonly names = new Map<number, string>();

  constructor(
    private readonly xenscope: Xenscope,
    private readonly panel: vscode.WebviewPanel,
    { host, subject, names, ...opened }: Begun,
  ) {
    this.host = host;
    this.subject = subject;
    this.opened = opened;
    this.consoleId = opened.consoleId;
    for (const [domid, name] of names) this.names.set(domid, name);
    this.panel.title = this.title();
    const { connection, hosts, vchanNews } = xenscope;
    this.mail = new PageMail(this.panel.webview);
    this.sender = new Sender(
      (target, bytes, token) => connection.request('xenscope/vchanSend', { ...target, bytes }, token),
      (bytes, timeMs) => this.wrote(bytes, timeMs),
    );
    this.recorder = new Recorder(
      { name: 'vchan', isWatched: subject.kind === 'watch' },
      {
        recording: (file) => this.post({ kind: 'recording', ...(file !== undefined && { file }) }),
        say: (text, failed) => this.say(text, failed),
        readingChanged: () => this.tellReading(),
        report: xenscope.report,
      },
    );
    this.subscriptions = [
      vchanNews.event((news) => news.host === host && news.consoleId === this.consoleId && this.take(news)),
      connection.onState(() => this.lookWhoIsThere()),
      hosts.onChange(() => this.lookWhoIsThere()),
      hosts.onDomains((id) => id === host && this.tellAbout()),
    ];
    this.panel.onDidDispose(() => this.dispose());
    this.panel.webview.onDidReceiveMessage((message: FromVchan) => void this.receive(message));
  }

  /** To watch writes nothing, so it goes on by itself; to open an end is asked for. */
  revived(): void {
    if (this.subject.kind === 'end') this.post({ kind: 'away', text: texts.vchanEnd.windowAnew });
    else this.reopen().catch((error: unknown) => this.say(failureOf(error).text, true));
  }

  private async receive(message: FromVchan): Promise<void> {
    try {
      await this.act(message);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code !== 'cancelled') this.say(failure.text, true);
    }
  }

  private async act(message: FromVchan): Promise<unknown> {
    const { connection } = this.xenscope;
    switch (message.kind) {
      case 'ready':
        return this.ready();
      case 'send':
        return this.send(message.serial, message.bytes);
      case 'sendFile':
        return this.sendFile();
      case 'stopSending':
        return this.sender.stop();
      case 'reading':
        this.reads = message.reads;
        return this.tellReading();
      case 'close':
        return connection.request('xenscope/vchanEnd', { ...this.target(), how: 'close' });
      case 'abort':
        return this.abort();
      case 'reopen':
        return this.reopen();
      case 'showRing':
        return this.latest?.state.ring && RingPanel.open(this.xenscope, this.host, this.latest.state.ring);
      case 'record':
        return this.recorder.begin(this.opened.lines[0]!);
      case 'stopRecording':
        return this.recorder.end();
    }
  }

  /** Who is at the ends comes first: what passed is told with their names. */
  private ready(): void {
    const { latest } = this;
    const waiting = this.mail.begin();
    this.tellAbout();
    if (waiting) for (const message of waiting) this.post(message);
    // The page was loaded anew: what passed was shown by the one before.
    else if (latest) this.show({ ...latest, received: '', leftOutBytes: 0, passed: [] });
  }

  private async send(serial: number, base64: string): Promise<void> {
    // The page waits for an answer in any case: until then it keeps what was typed, and takes nothing new.
    const result =
      this.consoleId === undefined
        ? { text: '', problem: this.texts.notOpened }
        : await this.sender.bytes(this.target(), Buffer.from(base64, 'base64'));
    this.post({ kind: 'sent', serial, ...result });
  }

  private async sendFile(): Promise<void> {
    const [uri] =
      (await vscode.window.showOpenDialog({ title: 'Send which file?', openLabel: 'Send' })) ?? [];
    if (!uri || this.sender.isBusy) return;
    const name = path.basename(uri.fsPath);
    const onProgress = (text: string) => this.post({ kind: 'sending', text: `${name}: ${text}` });
    const result = await this.sender.file(this.target(), uri.fsPath, onProgress);
    this.post({ kind: 'sent', ...result, text: `${name}: ${result.text}` });
  }

  /** While it is recorded nothing is left out, and nothing is read that the file cannot take. */
  private async tellReading(): Promise<void> {
    if (this.subject.kind === 'watch' || this.latest?.state.phase !== 'open') return;
    const reads = this.reads && !this.recorder.isBehind;
    const keepAll = this.recorder.isRecording;
    const { connection } = this.xenscope;
    await connection.request('xenscope/vchanReading', { ...this.target(), reads, keepAll });
  }

  private async abort(): Promise<void> {
    const picked = await vscode.window.showQuickPick(
      [
        {
          label: 'Killed',
          detail: 'As by SIGKILL: the kernel says that this end left; nodes stay behind',
          how: 'killed' as const,
        },
        {
          label: 'Vanished',
          detail: 'As a domain that is switched off: nobody is told',
          how: 'vanished' as const,
        },
      ],
      { title: 'How does this end go?' },
    );
    if (!picked) return;
    await this.xenscope.connection.request('xenscope/vchanEnd', { ...this.target(), how: picked.how });
  }

  /** The same once more; what was left of it is closed first. */
  private async reopen(): Promise<void> {
    try {
      await this.openAnew();
    } catch (error) {
      this.post({ kind: 'away', text: this.texts.notOpened });
      throw error;
    }
  }

  private async openAnew(): Promise<void> {
    const { connection, hosts } = this.xenscope;
    await hosts.whenConnected(this.host, connectTimeoutMs);
    await this.forget();
    this.latest = undefined;
    this.post({ kind: 'opening' });
    const opened = await openSubject(this.xenscope, this.host, this.subject);
    if (!opened) return this.post({ kind: 'away', text: this.texts.notOpened });
    if (this.closed) {
      const { consoleId } = opened;
      await connection.request('xenscope/vchanForget', { host: this.host, consoleId });
      return;
    }
    this.opened = opened;
    this.consoleId = opened.consoleId;
    this.reads = true;
    this.tellAbout();
  }

  private take(news: VchanNews): void {
    const before = this.latest?.state;
    this.latest = news;
    if (before?.text !== news.state.text) this.recorder.note(news.state.text, news.timeMs);
    if (news.leftOutBytes > 0) this.recorder.note(texts.vchanLeftOut(news.leftOutBytes), news.timeMs);
    this.recorder.add('received', Buffer.from(news.received, 'base64'), news.timeMs);
    for (const { ring, bytes, unseenBytes, timeMs } of news.passed ?? []) {
      if (unseenBytes > 0) this.recorder.note(texts.vchanUnseen(ring, unseenBytes), timeMs);
      this.recorder.add(ring, Buffer.from(bytes, 'base64'), timeMs);
    }
    this.show(news);
    // It was opened anew while it was recorded.
    if (before?.phase !== 'open' && this.recorder.isRecording) {
      this.tellReading().catch(this.xenscope.report);
    }
  }

  private show(news: VchanNews): void {
    this.post({ kind: 'news', news });
  }

  private wrote(bytes: Uint8Array, timeMs: number): void {
    if (bytes.length === 0) return;
    this.recorder.add('sent', bytes, timeMs);
    this.post({ kind: 'wrote', timeMs, bytes: Buffer.from(bytes).toString('base64') });
  }

  private target(): Target {
    if (this.consoleId !== undefined) return { host: this.host, consoleId: this.consoleId };
    throw new Error(this.texts.notOpened);
  }

  private get texts() {
    return this.subject.kind === 'end' ? texts.vchanEnd : texts.vchanWatch;
  }

  private lookWhoIsThere(): void {
    const { connection, hosts } = this.xenscope;
    if (connection.state.kind !== 'running') this.away(this.texts.serverAway);
    else if (hosts.find(this.host)?.state.kind === 'idle') this.away(this.texts.hostAway);
  }

  private away(text: string): void {
    // Whoever holds it now, the end of before is gone.
    if (this.consoleId === undefined) return;
    this.consoleId = undefined;
    this.latest = undefined;
    this.post({ kind: 'away', text });
  }

  private tellAbout(): void {
    this.panel.title = this.title();
    const { host, subject, opened } = this;
    const { lines, client } = opened;
    const { hosts } = this.xenscope;
    const ends = this.ends();
    const info = hosts.find(host);
    const isSimulated = info?.world !== undefined;
    const engine = subject.kind === 'end' ? subject.plan.engine : undefined;
    this.post({
      kind: 'about',
      ...ends,
      hostLabel: hostText(info?.label ?? host, isSimulated, engine),
      simulated: isSimulated,
      lines,
      kept: { host, subject, lines, ...(client !== undefined && { client }), names: [...this.names] },
    });
  }

  private ends(): Pick<Extract<ToVchan, { kind: 'about' }>, 'role' | 'own' | 'peer' | 'path'> {
    const { subject } = this;
    if (subject.kind === 'end') {
      const { role, actAs, peer, path: folder } = subject.plan;
      const own = actAs === undefined ? 'This domain' : this.name(actAs);
      return { role, own, peer: this.name(peer), path: shortPath(folder) };
    }
    const { client } = this.opened;
    const own = client === undefined ? 'Its client' : this.name(client);
    return { role: 'watch', own, peer: this.name(ringOwner(subject.ring)), path: this.opened.lines[0]! };
  }

  private title(): string {
    const { role, own, peer } = this.ends();
    return role === 'watch' ? `Vchan: ${own} ↔ ${peer}` : `Vchan: ${peer}`;
  }

  /** As it was called last: a domain that has ended is still the one that this vchan was to. */
  private name(domid: number): string {
    const { hosts } = this.xenscope;
    const isThere = hosts.domains(this.host).some((one) => one.domid === domid);
    const known = this.names.get(domid);
    if (known !== undefined && !isThere) return known;
    const name = hosts.domainName(this.host, domid);
    this.names.set(domid, name);
    return name;
  }

  private say(text: string, failed: boolean): void {
    this.post({ kind: 'said', text, failed });
  }

  private async forget(): Promise<void> {
    const { host, consoleId } = this;
    this.consoleId = undefined;
    this.sender.stop();
    const { connection } = this.xenscope;
    if (consoleId === undefined || connection.state.kind !== 'running') return;
    await connection.request('xenscope/vchanForget', { host, consoleId });
  }

  private dispose(): void {
    this.closed = true;
    void this.recorder.close();
    for (const subscription of this.subscriptions) subscription.dispose();
    this.forget().catch(this.xenscope.report);
  }

  private post(message: ToVchan): void {
    if (!this.closed) this.mail.post(message);
  }
}
