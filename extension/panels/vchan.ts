/** The console of a vchan: between its page, the server that holds the end, and the person's files. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { VchanNews, VchanPlan, VchanPreview } from '../../server/rpc/api';
import type { FromVchan, ToVchan } from '../../webview/messages';
import type { Xenscope } from '../context';
import { defaultFolder } from '../defaultFolder';
import { failureOf } from '../errors';
import { ask, say } from '../say';
import { texts } from '../texts';
import { shortPath } from '../vchan/plan';
import { type RecordFormat, VchanRecording } from '../vchan/recording';
import { Sender } from '../vchan/sender';
import { webviewPage } from './html';
import { RingPanel } from './ring';

/** Asks where the guard wants it, and opens it in a panel. */
export async function openVchanPanel(xenscope: Xenscope, host: string, plan: VchanPlan): Promise<void> {
  const opened = await openPlan(xenscope, host, plan);
  if (opened) new VchanPanel(xenscope, host, plan, opened);
}

interface Opened {
  readonly consoleId: number;
  readonly preview: VchanPreview;
}

/** Undefined: it was refused, and said so, or the person thought better of it. */
async function openPlan(xenscope: Xenscope, host: string, plan: VchanPlan): Promise<Opened | undefined> {
  const { connection } = xenscope;
  const preview = await connection.request('xenscope/vchanPreview', { host, plan });
  const { verdict, text, details } = preview;
  const detail = details.join('\n\n');
  if (verdict === 'refuse') {
    await say.refusal(text, detail);
    return undefined;
  }
  const button = 'Open';
  if (verdict === 'confirm' && (await ask(text, detail, button)) !== button) return undefined;
  const { consoleId } = await connection.request('xenscope/vchanOpen', { host, plan, confirmed: true });
  return { consoleId, preview };
}

class VchanPanel {
  private readonly panel: vscode.WebviewPanel;
  private readonly subscriptions: { dispose(): void }[];
  private readonly sender: Sender;
  private consoleId: number | undefined;
  private latest: VchanNews | undefined;
  private recording: VchanRecording | undefined;
  private closed = false;

  constructor(
    private readonly xenscope: Xenscope,
    private readonly host: string,
    private readonly plan: VchanPlan,
    { consoleId, preview }: Opened,
  ) {
    this.consoleId = consoleId;
    this.lines = [preview.text, ...preview.details];
    const { connection, hosts, vchanNews } = xenscope;
    const { extensionUri } = xenscope.extension;
    const title = `Vchan: ${this.name(plan.peer)}`;
    this.panel = vscode.window.createWebviewPanel('xenscope.vchan', title, vscode.ViewColumn.Active, {
      enableScripts: true,
      // What passed and what was typed stays, whatever covers it.
      retainContextWhenHidden: true,
      localResourceRoots: [vscode.Uri.joinPath(extensionUri, 'dist')],
    });
    this.sender = new Sender(connection, (bytes) => this.wrote(bytes));
    this.subscriptions = [
      vchanNews.event((news) => news.host === host && news.consoleId === this.consoleId && this.take(news)),
      connection.onState(() => this.lookWhoIsThere()),
      hosts.onChange(() => this.lookWhoIsThere()),
      hosts.onDomains((id) => id === host && this.tellAbout()),
    ];
    this.panel.onDidDispose(() => this.dispose());
    const { webview } = this.panel;
    webview.onDidReceiveMessage((message: FromVchan) => void this.receive(message));
    webview.html = webviewPage(webview, extensionUri, 'vchan', 'Vchan');
  }
  private lines: readonly string[];

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
        this.tellAbout();
        return this.latest && this.show(this.latest);
      case 'send':
        return this.send(message.serial, message.bytes);
      case 'sendFile':
        return this.sendFile();
      case 'stopSending':
        return this.sender.stop();
      case 'reading':
        return this.setReading(message.reads);
      case 'close':
        return connection.request('xenscope/vchanEnd', { ...this.target(), how: 'close' });
      case 'abort':
        return this.abort();
      case 'reopen':
        return this.reopen();
      case 'showRing':
        return this.latest?.state.ring && RingPanel.open(this.xenscope, this.host, this.latest.state.ring);
      case 'record':
        return this.record();
      case 'stopRecording':
        return this.stopRecording();
    }
  }

  private async send(serial: number, base64: string): Promise<void> {
    // The page waits for an answer in any case: until then it keeps what was typed, and takes nothing new.
    const result =
      this.consoleId === undefined
        ? { text: '', problem: texts.vchanNotOpened }
        : await this.sender.bytes(this.target(), Buffer.from(base64, 'base64'));
    this.post({ kind: 'sent', serial, ...result });
  }

  private async sendFile(): Promise<void> {
    const [uri] =
      (await vscode.window.showOpenDialog({ title: 'Send which file?', openLabel: 'Send' })) ?? [];
    if (!uri || this.sender.isBusy) return;
    const name = path.basename(uri.fsPath);
    const onProgress = (text: string) => this.post({ kind: 'sending', text: `${name}: ${text}` });
    const { text, problem } = await this.sender.file(this.target(), uri.fsPath, onProgress);
    this.post({ kind: 'sent', text: `${name}: ${text}`, ...(problem !== undefined && { problem }) });
  }

  private setReading(reads: boolean): Promise<null> {
    const keepAll = this.recording !== undefined;
    return this.xenscope.connection.request('xenscope/vchanReading', { ...this.target(), reads, keepAll });
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
      this.post({ kind: 'away', text: texts.vchanNotOpened });
      throw error;
    }
  }

  private async openAnew(): Promise<void> {
    const { connection, hosts } = this.xenscope;
    await hosts.whenConnected(this.host, connectTimeoutMs);
    await this.forget();
    this.latest = undefined;
    this.post({ kind: 'opening' });
    const opened = await openPlan(this.xenscope, this.host, this.plan);
    if (!opened) return this.post({ kind: 'away', text: texts.vchanNotOpened });
    if (this.closed) {
      const { consoleId } = opened;
      await connection.request('xenscope/vchanForget', { host: this.host, consoleId });
      return;
    }
    this.consoleId = opened.consoleId;
    this.lines = [opened.preview.text, ...opened.preview.details];
    this.tellAbout();
    if (this.recording) await this.setReading(true);
  }

  private async record(): Promise<void> {
    const log = {
      label: 'Text and hexadecimal',
      detail: 'Both directions, with times',
      format: 'log' as const,
    };
    const raw = { label: 'Raw bytes', detail: 'What is received, and nothing else', format: 'raw' as const };
    const picked = await vscode.window.showQuickPick([log, raw], { title: 'Record what?' });
    if (!picked) return;
    const uri = await vscode.window.showSaveDialog({
      title: 'Record into which file?',
      defaultUri: vscode.Uri.file(path.join(defaultFolder(), picked === log ? 'vchan.log' : 'vchan.bin')),
    });
    if (uri) await this.startRecording(uri.fsPath, picked.format);
  }

  private async startRecording(file: string, format: RecordFormat): Promise<void> {
    this.recording = new VchanRecording(file, format, (error) => {
      this.stopRecording(`Nothing more is recorded: ${error.message}.`).catch(this.xenscope.report);
    });
    this.recording.note(this.lines[0]!, Date.now());
    this.post({ kind: 'recording', file });
    this.say(`Recording into ${file}.`, false);
    // From now on nothing is left out: the other side waits instead.
    await this.setReading(this.latest?.state.reads ?? true);
  }

  /** `problem`: why it ends before a person wanted it to. */
  private async stopRecording(problem?: string): Promise<void> {
    const { recording } = this;
    this.recording = undefined;
    await recording?.end();
    this.post({ kind: 'recording' });
    if (recording) this.say(problem ?? `Recorded in ${recording.file}.`, problem !== undefined);
    if (this.latest?.state.phase === 'open') await this.setReading(this.latest.state.reads);
  }

  private take(news: VchanNews): void {
    if (this.latest?.state.text !== news.state.text) this.recording?.note(news.state.text, news.timeMs);
    this.latest = news;
    if (news.received !== '') {
      this.recording?.add('received', Buffer.from(news.received, 'base64'), news.timeMs);
    }
    this.show(news);
  }

  private show(news: VchanNews): void {
    this.post({ kind: 'news', news });
  }

  private wrote(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const timeMs = Date.now();
    this.recording?.add('sent', bytes, timeMs);
    this.post({ kind: 'wrote', timeMs, bytes: Buffer.from(bytes).toString('base64') });
  }

  private target(): { host: string; consoleId: number } {
    if (this.consoleId !== undefined) return { host: this.host, consoleId: this.consoleId };
    throw new Error(texts.vchanNotOpened);
  }

  private lookWhoIsThere(): void {
    const { connection, hosts } = this.xenscope;
    if (connection.state.kind !== 'running') this.away(texts.vchanServerAway);
    else if (hosts.find(this.host)?.state.kind === 'idle') this.away(texts.vchanHostAway);
  }

  private away(text: string): void {
    // Whoever holds it now, the end of before is gone.
    if (this.consoleId === undefined) return;
    this.consoleId = undefined;
    this.latest = undefined;
    this.post({ kind: 'away', text });
  }

  private tellAbout(): void {
    const { role, actAs, peer, path: folder } = this.plan;
    const { hosts } = this.xenscope;
    const info = hosts.find(this.host);
    this.panel.title = `Vchan: ${this.name(peer)}`;
    this.post({
      kind: 'about',
      role,
      own: actAs === undefined ? 'This domain' : this.name(actAs),
      peer: this.name(peer),
      path: shortPath(folder),
      hostLabel: info?.label ?? this.host,
      simulated: info?.world !== undefined,
      lines: this.lines,
    });
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
  private readonly names = new Map<number, string>();

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
    void this.recording?.end();
    for (const subscription of this.subscriptions) subscription.dispose();
    this.forget().catch(this.xenscope.report);
  }

  private post(message: ToVchan): void {
    if (!this.closed) void this.panel.webview.postMessage(message);
  }
}

const connectTimeoutMs = 10_000;
