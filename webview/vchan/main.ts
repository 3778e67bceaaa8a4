/** The console of a vchan: one end of it, driven by hand. */
import type { VchanState } from '../../server/rpc/api';
import { button, element, registerKit } from '../kit';
import type { FromVchan, KeptVchan, ToVchan } from '../messages';
import { Help, PoliteVoice, fromBase64, severityIcon, toBase64, toolbar } from '../page';
import { Composer, type Draft } from '../console/composer';
import { readable } from '../console/log';
import { LogView } from '../console/logView';
import { WayView } from '../console/wayView';
import { bytesText } from '../console/words';
import { setText } from '../rings/texts';
import {
  type Ends,
  aboutText,
  explanation,
  unseenText,
  watchedExplanation,
  wayName,
  wayShown,
} from './words';
import './vchan.css';

/** Kept over a reload of the window, which opens the panel again by it. */
interface PageState extends Partial<Draft> {
  readonly kept?: KeptVchan;
}

declare function acquireVsCodeApi(): {
  postMessage(message: FromVchan): void;
  setState(state: PageState): void;
  getState(): PageState | undefined;
};

const tickMs = 500;

class VchanPage {
  private readonly vscode = acquireVsCodeApi();
  private pageState: PageState = this.vscode.getState() ?? {};
  private state: VchanState | undefined;
  /** The host's clock is not the page's: how far they are apart. */
  private aheadMs = 0;
  private ends: Ends = { own: 'This end', peer: 'the other side', isWatched: false };
  private unspoken = '';

  private readonly heading = element('h1', { text: 'Vchan' });
  private readonly where = element('span', { className: 'dim' });
  private readonly path = element('p', { className: 'dim' });
  private readonly verdict = element('p', { className: 'verdict' });
  private readonly doctor = element('p', { className: 'dim doctor' });
  private readonly said = element('p');
  private readonly help = new Help();
  private readonly voice = new PoliteVoice();
  private readonly sent = new WayView('sent');
  private readonly received = new WayView('received');
  private readonly log = new LogView();
  private readonly composer = new Composer(
    {
      send: (serial, bytes) => this.post({ kind: 'send', serial, bytes: toBase64(bytes) }),
      sendFile: () => this.post({ kind: 'sendFile' }),
      stop: () => this.post({ kind: 'stopSending' }),
      changed: (draft) => this.keep(draft),
    },
    this.pageState,
  );
  private readonly readButton = button('Stop Reading', 'secondary', () =>
    this.post({ kind: 'reading', reads: this.state?.reads === false }),
  );
  private readonly ringButton = this.command('Show Ring', 'showRing');
  private readonly recordButton = button('Record…', 'secondary', () =>
    this.post({ kind: this.isRecording ? 'stopRecording' : 'record' }),
  );
  private readonly closeButton = this.command('Close', 'close');
  private readonly abortButton = this.command('Abort…', 'abort');
  private readonly reopenButton = this.command('Reopen', 'reopen');
  private isRecording = false;
  private isAway = false;

  constructor() {
    registerKit();
    this.build();
    window.addEventListener('message', (event: MessageEvent<ToVchan>) => this.receive(event.data));
    setInterval(() => this.tick(), tickMs);
    this.post({ kind: 'ready' });
  }

  private command(label: string, kind: 'close' | 'abort' | 'reopen' | 'showRing') {
    return button(label, 'secondary', () => this.post({ kind }));
  }

  private build(): void {
    const root = document.getElementById('root')!;
    for (const spoken of [this.verdict, this.said]) {
      spoken.setAttribute('role', 'status');
      spoken.setAttribute('aria-live', 'polite');
    }
    this.help.fill(explanation);
    this.readButton.title = 'Leaves what comes in the ring, until the other side has to wait';
    this.abortButton.title = 'Ends this end as a crash would';
    this.ringButton.title = 'The ring in a panel of its own, read only';
    this.recordButton.title = 'Writes what passes from now on into a file';
    const clear = button('Clear', 'secondary', () => this.log.clear());
    const tools = toolbar('Vchan', this.readButton, this.ringButton, this.recordButton, clear);
    tools.append(this.closeButton, this.abortButton, this.reopenButton, this.help.button);
    const ways = element('div', { className: 'ways' }, this.sent.root, this.received.root);
    root.append(element('header', {}, this.heading, this.where), this.path);
    root.append(this.verdict, this.doctor, tools, this.said, this.help.root);
    root.append(ways, this.log.root, this.composer.root, this.voice.root);
    this.enable();
  }

  private receive(message: ToVchan): void {
    switch (message.kind) {
      case 'about':
        return this.setAbout(message);
      case 'opening':
        return this.begin();
      case 'news':
        return this.takeNews(message.news);
      case 'wrote':
        return this.log.add('sent', fromBase64(message.bytes), message.timeMs);
      case 'sending':
        return this.composer.progress(message.text);
      case 'sent':
        return this.composer.sent(message);
      case 'away':
        return this.goAway(message.text);
      case 'recording':
        return this.setRecording(message.file);
      case 'said':
        setText(this.said, message.text);
        this.said.className = message.failed ? 'problem' : 'dim';
    }
  }

  private setAbout(about: Extract<ToVchan, { kind: 'about' }>): void {
    const { role, own, peer, path, simulated, lines, kept } = about;
    this.keep({ kept });
    const isWatched = role === 'watch';
    const ends = (this.ends = { own, peer, isWatched });
    this.log.names = { sent: wayName('sent', ends), received: wayName('received', ends) };
    setText(this.where, aboutText(about));
    setText(this.path, path);
    this.path.title = lines.join('\n\n');
    this.abortButton.hidden = !simulated || isWatched;
    for (const ofOurs of [this.readButton, this.closeButton, this.composer.root]) ofOurs.hidden = isWatched;
    this.reopenButton.textContent = isWatched ? 'Watch Again' : 'Reopen';
    this.help.fill(isWatched ? watchedExplanation : explanation);
  }

  private keep(state: PageState): void {
    this.pageState = { ...this.pageState, ...state };
    this.vscode.setState(this.pageState);
  }

  private begin(): void {
    this.state = undefined;
    this.isAway = false;
    this.drawVerdict({ text: 'It is being opened…', severity: 'note' });
    setText(this.doctor, '');
    setText(this.said, '');
    this.composer.begin();
    for (const way of [this.sent, this.received]) way.begin();
    this.enable();
  }

  private takeNews({
    state,
    verdict,
    timeMs,
    received,
    leftOutBytes,
    passed = [],
  }: (ToVchan & { kind: 'news' })['news']): void {
    const before = this.state;
    this.state = state;
    this.aheadMs = timeMs - Date.now();
    this.isAway = false;
    if (leftOutBytes > 0)
      this.log.note(`${bytesText(leftOutBytes)} were left out: they came too fast.`, timeMs);
    this.takeBytes('received', fromBase64(received), timeMs);
    for (const { ring, bytes, unseenBytes, doubtfulBytes, timeMs: seenMs } of passed) {
      const way = ring === 'left' ? 'sent' : 'received';
      if (unseenBytes > 0) this.log.note(unseenText(way, unseenBytes, this.ends), seenMs);
      this.takeBytes(way, fromBase64(bytes), seenMs, doubtfulBytes);
    }
    if (before?.text !== state.text) {
      this.drawVerdict(state);
      this.log.note(state.text, timeMs);
    }
    setText(this.doctor, verdict ? `The ring doctor says: ${verdict.text}` : '');
    this.doctor.title = verdict?.evidence.join('\n') ?? '';
    this.sent.show(wayShown(state, 'sent', this.ends), timeMs);
    this.received.show(wayShown(state, 'received', this.ends), timeMs);
    this.enable();
  }

  private drawVerdict({ text, wayOut, severity }: Pick<VchanState, 'text' | 'wayOut' | 'severity'>): void {
    this.verdict.className = `verdict ${severity}`;
    const words = element('span', { text });
    if (wayOut !== undefined) words.append(element('span', { className: 'dim', text: wayOut }));
    this.verdict.replaceChildren(severityIcon(severity), words);
  }

  private takeBytes(way: 'sent' | 'received', bytes: Uint8Array, timeMs: number, doubtfulBytes = 0): void {
    if (bytes.length === 0) return;
    this.log.add(way, bytes, timeMs, doubtfulBytes);
    this.unspoken = `${wayName(way, this.ends)}, ${bytesText(bytes.length)}: ${readable(bytes.subarray(-80))}`;
  }

  private goAway(text: string): void {
    this.isAway = true;
    this.state = undefined;
    // What it said before is true no more.
    this.drawVerdict({ text, severity: 'warning' });
    setText(this.doctor, '');
    this.log.note(text, Date.now() + this.aheadMs);
    this.enable();
  }

  private setRecording(file: string | undefined): void {
    this.isRecording = file !== undefined;
    this.recordButton.textContent = this.isRecording ? 'Stop Recording' : 'Record…';
    this.enable();
  }

  private enable(): void {
    const phase = this.state?.phase;
    const isOpen = phase === 'open';
    const isOver = phase === 'ended' || phase === 'failed' || this.isAway;
    this.composer.open = isOpen;
    this.readButton.disabled = !isOpen;
    this.readButton.textContent = this.state?.reads === false ? 'Read Again' : 'Stop Reading';
    this.ringButton.disabled = this.state?.ring === undefined;
    // What was begun can always be ended.
    this.recordButton.disabled = isOver && !this.isRecording;
    this.closeButton.disabled = isOver || phase === undefined;
    this.abortButton.disabled = isOver || phase === undefined;
    this.reopenButton.disabled = phase === 'opening' || (this.ends.isWatched && isOpen);
  }

  private tick(): void {
    const nowMs = Date.now();
    for (const way of [this.sent, this.received]) way.tick(nowMs + this.aheadMs);
    if (this.unspoken !== '' && this.voice.say(this.unspoken, nowMs)) this.unspoken = '';
  }

  private post(message: FromVchan): void {
    this.vscode.postMessage(message);
  }
}

new VchanPage();
