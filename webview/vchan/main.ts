/** The console of a vchan: one end of it, driven by hand. */
import type { VchanState } from '../../server/rpc/api';
import { button, element, registerKit } from '../kit';
import type { FromVchan, ToVchan } from '../messages';
import { setText } from '../rings/texts';
import { Composer, type Draft } from './composer';
import { readable } from './log';
import { LogView } from './logView';
import { WayView } from './wayView';
import { bytesText, explanation } from './words';
import './vchan.css';

declare function acquireVsCodeApi(): {
  postMessage(message: FromVchan): void;
  setState(state: Draft): void;
  getState(): Draft | undefined;
};

/** A screen reader hears of what came, and not more often than this. */
const politeIntervalMs = 4_000;
const tickMs = 500;

const icons: Readonly<Record<VchanState['severity'], string>> = {
  fine: 'pass',
  note: 'info',
  warning: 'warning',
  error: 'error',
};

class VchanPage {
  private readonly vscode = acquireVsCodeApi();
  private state: VchanState | undefined;
  /** The host's clock is not the page's: how far they are apart. */
  private aheadMs = 0;
  private peer = 'the other side';
  private spokenMs = 0;
  private unspoken = '';

  private readonly heading = element('h1', { text: 'Vchan' });
  private readonly where = element('span', { className: 'dim' });
  private readonly path = element('p', { className: 'dim' });
  private readonly verdict = element('p', { className: 'verdict' });
  private readonly doctor = element('p', { className: 'dim doctor' });
  private readonly said = element('p');
  private readonly help = element('section', { className: 'help' });
  private readonly live = element('p', { className: 'spoken' });
  private readonly sent = new WayView('sent');
  private readonly received = new WayView('received');
  private readonly log = new LogView();
  private readonly composer = new Composer(
    {
      send: (serial, bytes) => this.post({ kind: 'send', serial, bytes: encode(bytes) }),
      sendFile: () => this.post({ kind: 'sendFile' }),
      stop: () => this.post({ kind: 'stopSending' }),
      changed: (draft) => this.vscode.setState(draft),
    },
    this.vscode.getState(),
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
  private readonly helpButton = button('What Am I Looking At?', 'secondary', () => this.toggleHelp());
  private isRecording = false;
  private isAway = false;

  constructor() {
    registerKit();
    this.build();
    window.addEventListener('message', (event: MessageEvent<ToVchan>) => this.receive(event.data));
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !this.help.hidden) this.toggleHelp();
    });
    setInterval(() => this.tick(), tickMs);
    this.post({ kind: 'ready' });
  }

  private command(label: string, kind: 'close' | 'abort' | 'reopen' | 'showRing') {
    return button(label, 'secondary', () => this.post({ kind }));
  }

  private build(): void {
    const root = document.getElementById('root')!;
    for (const spoken of [this.live, this.verdict, this.said]) {
      spoken.setAttribute('role', 'status');
      spoken.setAttribute('aria-live', 'polite');
    }
    this.help.hidden = true;
    this.help.append(...explanation.map((text) => element('p', { text })));
    this.helpButton.setAttribute('aria-expanded', 'false');
    this.readButton.title = 'Leaves what comes in the ring, until the other side has to wait';
    this.abortButton.title = 'Ends this end as a crash would';
    this.ringButton.title = 'The ring in a panel of its own, read only';
    this.recordButton.title = 'Writes what passes from now on into a file';
    const toolbar = element('div', { className: 'toolbar' });
    toolbar.setAttribute('role', 'toolbar');
    toolbar.setAttribute('aria-label', 'Vchan');
    const clear = button('Clear', 'secondary', () => this.log.clear());
    toolbar.append(this.readButton, this.ringButton, this.recordButton, clear);
    toolbar.append(this.closeButton, this.abortButton, this.reopenButton, this.helpButton);
    const ways = element('div', { className: 'ways' }, this.sent.root, this.received.root);
    root.append(element('header', {}, this.heading, this.where), this.path);
    root.append(this.verdict, this.doctor, toolbar, this.said, this.help);
    root.append(ways, this.log.root, this.composer.root, this.live);
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
        return this.log.add('sent', decode(message.bytes), message.timeMs);
      case 'sending':
        return this.composer.progress(message.text);
      case 'sent':
        return this.composer.sent(message.serial, message.text, message.problem);
      case 'away':
        return this.goAway(message.text);
      case 'recording':
        return this.setRecording(message.file);
      case 'said':
        setText(this.said, message.text);
        this.said.className = message.failed ? 'problem' : 'dim';
    }
  }

  private setAbout({
    role,
    own,
    peer,
    path,
    hostLabel,
    simulated,
    lines,
  }: ToVchan & { kind: 'about' }): void {
    this.peer = this.log.peer = peer;
    setText(this.where, `${own} as ${role}, to ${peer}, on ${hostLabel}`);
    setText(this.path, path);
    this.path.title = lines.join('\n\n');
    this.abortButton.hidden = !simulated;
  }

  private begin(): void {
    this.state = undefined;
    this.isAway = false;
    this.drawVerdict({ text: 'It is being opened…', severity: 'note' });
    setText(this.doctor, '');
    setText(this.said, '');
    for (const way of [this.sent, this.received]) way.begin();
    this.enable();
  }

  private takeNews({
    state,
    verdict,
    timeMs,
    received,
    leftOutBytes,
  }: (ToVchan & { kind: 'news' })['news']): void {
    const before = this.state;
    this.state = state;
    this.aheadMs = timeMs - Date.now();
    this.isAway = false;
    if (leftOutBytes > 0)
      this.log.note(`${bytesText(leftOutBytes)} were left out: they came too fast.`, timeMs);
    const bytes = decode(received);
    if (bytes.length > 0) {
      this.log.add('received', bytes, timeMs);
      this.unspoken = `Received ${bytesText(bytes.length)}: ${readable(bytes.subarray(-80))}`;
    }
    if (before?.text !== state.text) {
      this.drawVerdict(state);
      this.log.note(state.text, timeMs);
    }
    setText(this.doctor, verdict ? `The ring doctor says: ${verdict.text}` : '');
    this.doctor.title = verdict?.evidence.join('\n') ?? '';
    this.sent.show(state, timeMs, this.peer);
    this.received.show(state, timeMs, this.peer);
    this.enable();
  }

  private drawVerdict({ text, wayOut, severity }: Pick<VchanState, 'text' | 'wayOut' | 'severity'>): void {
    const icon = element('span', { className: `codicon codicon-${icons[severity]}` });
    icon.setAttribute('aria-hidden', 'true');
    this.verdict.className = `verdict ${severity}`;
    const way = element('span', { className: 'dim', text: wayOut ?? '' });
    this.verdict.replaceChildren(icon, element('span', { text }), way);
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
  }

  private enable(): void {
    const phase = this.state?.phase;
    const isOpen = phase === 'open';
    const isOver = phase === 'ended' || phase === 'failed' || this.isAway;
    this.composer.open = isOpen;
    this.readButton.disabled = !isOpen;
    this.readButton.textContent = this.state?.reads === false ? 'Read Again' : 'Stop Reading';
    this.ringButton.disabled = this.state?.ring === undefined;
    this.closeButton.disabled = isOver || phase === undefined;
    this.abortButton.disabled = isOver || phase === undefined;
    this.reopenButton.disabled = phase === 'opening';
  }

  private tick(): void {
    const nowMs = Date.now();
    for (const way of [this.sent, this.received]) way.tick(nowMs + this.aheadMs);
    if (this.unspoken === '' || nowMs - this.spokenMs < politeIntervalMs) return;
    this.live.textContent = this.unspoken;
    this.unspoken = '';
    this.spokenMs = nowMs;
  }

  private toggleHelp(): void {
    this.help.hidden = !this.help.hidden;
    this.helpButton.setAttribute('aria-expanded', String(!this.help.hidden));
  }

  private post(message: FromVchan): void {
    this.vscode.postMessage(message);
  }
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** In pieces: all at once would be too many arguments. */
function encode(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}

new VchanPage();
