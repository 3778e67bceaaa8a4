/** The console of one connected socket: what passes, how full its rings are, and what a person sends. */
import type { ComposerSocket, ComposerStream } from '../../server/rpc/api';
import { Composer, type Draft, type SendOver } from '../console/composer';
import { readable } from '../console/log';
import { LogView } from '../console/logView';
import { WayView } from '../console/wayView';
import { bytesText } from '../console/words';
import { button, element } from '../kit';
import { fromBase64, severityIcon, toBase64, toolbar } from '../page';
import { setText } from '../rings/texts';
import type { AtSocket, ToPvCallsComposer } from './messages';
import { ringHover, wayName, wayShown } from './words';

export interface ConsoleActs {
  act(id: string, act: AtSocket): void;
  showRing(ring: string): void;
  /** It is not to be seen any more. */
  hide(): void;
  changed(id: string, draft: Draft): void;
}

type Wrote = Extract<ToPvCallsComposer, { kind: 'wrote' }>;

export class SocketConsole {
  readonly root = element('section', { className: 'console' });
  /** What came last, for a screen reader; taken when it was spoken. */
  unspoken = '';
  private readonly heading = element('h2');
  private readonly verdict = element('p', { className: 'verdict' });
  private readonly sent = new WayView('sent');
  private readonly received = new WayView('received');
  /** How something that was done here fared. */
  private readonly said = element('p');
  private readonly log = new LogView();
  private readonly composer: Composer;
  private readonly readButton = button('Stop Reading', 'secondary', () =>
    this.act({ what: 'reading', reads: this.stream?.reads === false }),
  );
  private readonly ringButton = button('Show Rings', 'secondary', () => {
    if (this.stream?.ring !== undefined) this.acts.showRing(this.stream.ring);
  });
  private readonly recordButton = button('Record…', 'secondary', () =>
    this.act({ what: this.isRecording ? 'stopRecording' : 'record' }),
  );
  private readonly endButton = this.command('End Sending', 'endSending');
  private readonly releaseButton = this.command('Release', 'release');
  private readonly keepButton = this.command('Release, Keep Pages', 'releaseAndKeep');
  private readonly abandonButton = this.command('Abandon', 'abandon');
  private readonly hideButton = button('Hide Console', 'secondary', () => this.acts.hide());
  private stream: ComposerStream | undefined;
  private isRecording = false;

  constructor(
    readonly id: string,
    private readonly acts: ConsoleActs,
    draft: Draft | undefined,
  ) {
    this.composer = new Composer(
      {
        send: (serial, bytes) => this.act({ what: 'send', serial, bytes: toBase64(bytes) }),
        sendFile: () => this.act({ what: 'sendFile' }),
        stop: () => this.act({ what: 'stopSending' }),
        changed: (now) => acts.changed(id, now),
      },
      draft,
    );
    this.log.names = { sent: wayName('sent'), received: wayName('received') };
    this.root.setAttribute('aria-label', `Console of socket ${id}`);
    for (const spoken of [this.verdict, this.said]) spoken.setAttribute('role', 'status');
    this.readButton.title = 'Leaves what comes in the ring, until the backend has to wait';
    this.endButton.title =
      'Nothing more is sent from here. The protocol cannot tell that the other side: it learns of it with the RELEASE';
    this.releaseButton.title = 'RELEASE: what was written is still sent, then the connection ends';
    this.keepButton.title = 'RELEASE with reuse: the backend keeps the pages mapped for a later socket';
    this.abandonButton.title =
      'Takes the rings back without a RELEASE, as a frontend that has forgotten the socket';
    this.recordButton.title = 'Writes what passes from now on into a file';
    const clear = button('Clear', 'secondary', () => this.log.clear());
    // What ends something stands apart.
    this.endButton.classList.add('apart');
    const tools = toolbar(`Socket ${id}`, this.readButton, this.ringButton, this.recordButton, clear);
    tools.append(this.hideButton, this.endButton, this.releaseButton, this.keepButton, this.abandonButton);
    const ways = element('div', { className: 'ways' }, this.sent.root, this.received.root);
    this.root.append(this.heading, this.verdict, tools, this.said, ways, this.log.root, this.composer.root);
    this.enable();
  }

  /** It is not connected any more, or there never was one of this number. */
  get isOver(): boolean {
    return this.stream === undefined;
  }

  show(socket: ComposerSocket | undefined, timeMs: number): void {
    const { stream } = socket ?? {};
    const before = this.stream;
    this.stream = stream;
    if (stream) {
      setText(this.heading, `Socket ${this.id}, ${socket!.text}`);
      this.sent.show(wayShown(stream, 'sent'), timeMs);
      this.received.show(wayShown(stream, 'received'), timeMs);
      if (before?.text !== stream.text) this.say(stream.text, stream.severity, timeMs);
    } else if (before) this.say('The socket is released; what passed stays to be read.', 'note', timeMs);
    this.enable();
  }

  /** The session is over, and the socket with it. */
  end(text: string, timeMs: number): void {
    if (!this.stream) return;
    this.stream = undefined;
    this.say(text, 'warning', timeMs);
    this.enable();
  }

  takeReceived(bytes: Uint8Array, leftOutBytes: number, timeMs: number): void {
    if (leftOutBytes > 0)
      this.log.note(`${bytesText(leftOutBytes)} were left out: they came too fast.`, timeMs);
    if (bytes.length === 0) return;
    this.log.add('received', bytes, timeMs);
    this.unspoken = `Received, ${bytesText(bytes.length)}: ${readable(bytes.subarray(-80))}`;
  }

  wrote({ bytes, leftOutBytes, timeMs }: Wrote): void {
    if (leftOutBytes > 0) this.log.note(`Sent before this: ${bytesText(leftOutBytes)}.`, timeMs);
    this.log.add('sent', fromBase64(bytes), timeMs);
  }

  tell(text: string, failed: boolean): void {
    setText(this.said, text);
    this.said.className = failed ? 'said problem' : 'said dim';
  }

  progress(text: string): void {
    this.composer.progress(text);
  }

  wasSent(how: SendOver): void {
    this.composer.sent(how);
  }

  setRecording(file: string | undefined): void {
    this.isRecording = file !== undefined;
    this.recordButton.textContent = this.isRecording ? 'Stop Recording' : 'Record…';
  }

  tick(timeMs: number): void {
    for (const way of [this.sent, this.received]) way.tick(timeMs);
  }

  focus(): void {
    this.root.scrollIntoView({ block: 'nearest' });
    this.composer.root.querySelector<HTMLElement>('vscode-text-area')?.focus();
  }

  private say(text: string, severity: ComposerStream['severity'], timeMs: number): void {
    this.verdict.className = `verdict ${severity}`;
    this.verdict.replaceChildren(severityIcon(severity), element('span', { text }));
    this.log.note(text, timeMs);
  }

  private command(label: string, what: 'endSending' | 'release' | 'releaseAndKeep' | 'abandon') {
    return button(label, 'secondary', () => this.act({ what }));
  }

  private act(act: AtSocket): void {
    this.tell('', false);
    this.acts.act(this.id, act);
  }

  private enable(): void {
    const { stream } = this;
    const isOpen = stream !== undefined;
    this.composer.open = stream?.sending === 'open';
    this.readButton.disabled = !isOpen || stream.receiving === 'ended';
    this.readButton.textContent = stream?.reads === false ? 'Read Again' : 'Stop Reading';
    this.ringButton.disabled = stream?.ring === undefined;
    this.ringButton.title = ringHover(stream);
    this.recordButton.disabled = !isOpen && !this.isRecording;
    this.endButton.disabled = stream?.sending !== 'open';
    for (const one of [this.releaseButton, this.keepButton, this.abandonButton]) one.disabled = !isOpen;
  }
}
