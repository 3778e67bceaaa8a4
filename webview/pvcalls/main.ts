/** The page of one PV Calls device: its sockets, its commands in flight, and what was asked and answered. */
import type { PvCallsDeviceState } from '../../server/rpc/api';
import { DoctorView, saidOf } from '../doctorView';
import { button, element, registerKit } from '../kit';
import type { FromPvCalls, ToPvCalls } from './messages';
import { Help, PoliteVoice, toolbar } from '../page';
import { setText } from '../rings/texts';
import { CallsView } from './callsView';
import { Known } from './known';
import { type SocketsDraft, SocketsView } from './socketsView';
import { countsText, explanation, keptText, spokenText, unseenText, whyNoSockets } from './words';
import '../page.css';
import './pvcalls.css';

/** Kept over a reload of the window, which opens the panel again by it. */
interface PageState {
  readonly host?: string;
  readonly device?: string;
  readonly sockets?: SocketsDraft;
}

declare function acquireVsCodeApi(): {
  postMessage(message: FromPvCalls): void;
  setState(state: PageState): void;
  getState(): PageState | undefined;
};

class PvCallsPage {
  private readonly vscode = acquireVsCodeApi();
  private state: PageState = this.vscode.getState() ?? {};
  private readonly known = new Known();
  private about: Extract<ToPvCalls, { kind: 'about' }> | undefined;
  private paused = false;
  /** Why nothing comes, as it was told last; it holds until something comes. */
  private awayText: string | undefined = 'Waiting for the first look at the device…';
  /** Asked for before its row was there. */
  private wanted: string | undefined;

  private readonly heading = element('h1', { text: 'PV Calls' });
  private readonly where = element('span', { className: 'dim' });
  private readonly doctor = new DoctorView();
  private readonly away = element('p', { className: 'away', text: this.awayText });
  private readonly counts = element('p');
  private readonly unseen = element('p', { className: 'dim' });
  private readonly help = new Help();
  private readonly voice = new PoliteVoice();
  private readonly pauseButton = button('Pause View', 'secondary', () => this.setPaused(!this.paused));
  private readonly ringButton = button('Command Ring', 'secondary', () => {
    const ring = this.known.state?.row.ring;
    if (ring !== undefined) this.post({ kind: 'showRing', ring });
  });
  private readonly deviceButton = button('Device', 'secondary', () => this.post({ kind: 'showDevice' }));
  private readonly composeButton = button('Compose a Command…', 'secondary', () =>
    this.post({ kind: 'compose' }),
  );
  private readonly interceptButton = button('Intercept…', 'secondary', () =>
    this.post({ kind: 'intercept' }),
  );
  private readonly calls = new CallsView({ copy: (text) => this.post({ kind: 'copy', text }) });
  private readonly sockets = new SocketsView(
    {
      showRing: (ring) => this.post({ kind: 'showRing', ring }),
      selected: (socket) => this.calls.follow(socket),
      draftChanged: (sockets) => this.keep({ sockets }),
    },
    this.state.sockets,
  );

  constructor() {
    registerKit();
    this.build();
    window.addEventListener('message', (event: MessageEvent<ToPvCalls>) => this.receive(event.data));
    document.addEventListener('keydown', (event) => this.onKey(event));
    this.post({ kind: 'ready' });
  }

  private build(): void {
    const root = document.getElementById('root')!;
    this.away.setAttribute('role', 'status');
    this.help.fill(explanation);
    this.pauseButton.title = 'Holds this view, not the device (P)';
    this.ringButton.title = 'The command ring in a panel of its own: requests in flight, slots, indices';
    this.deviceButton.title = 'Both ends of the device, their states and the dance that led there';
    this.composeButton.title =
      'Opens a frontend of your own against this backend, and sends commands by hand';
    this.interceptButton.title =
      'Holds the commands of this device at the backend, to be answered by hand or by rules';
    this.composeButton.hidden = this.interceptButton.hidden = true;
    const tools = toolbar('PV Calls', this.pauseButton, this.ringButton, this.deviceButton);
    tools.append(this.composeButton, this.interceptButton, this.help.button);
    root.append(element('header', {}, this.heading, this.where), ...this.doctor.parts, this.away);
    root.append(tools, this.help.root, this.counts, this.unseen);
    // Tables without a row say nothing of a device that was never seen.
    this.sockets.root.hidden = this.calls.root.hidden = true;
    root.append(this.sockets.root, this.calls.root, this.voice.root);
  }

  private receive(message: ToPvCalls): void {
    switch (message.kind) {
      case 'about':
        return this.setAbout(message);
      case 'frame':
        this.known.take(message.frame);
        this.awayText = undefined;
        this.drawAway();
        return this.draw();
      case 'select':
        this.wanted = message.socket;
        return this.draw();
      case 'away':
        this.awayText = message.text;
        this.draw();
        return this.drawAway();
    }
  }

  private setAbout(about: Extract<ToPvCalls, { kind: 'about' }>): void {
    this.about = about;
    this.keep({ host: about.host, device: about.device });
    this.composeButton.hidden = !about.canCompose;
    this.interceptButton.hidden = !about.canIntercept;
    this.draw();
  }

  private draw(): void {
    const { about, known } = this;
    const { state } = known;
    if (!about || !state) return;
    setText(this.heading, `${about.frontend} → ${about.backend}`);
    setText(this.where, `PV Calls device ${state.row.devid} on ${about.hostLabel}`);
    this.drawDoctor(state);
    setText(this.counts, countsText(state));
    setText(this.unseen, [keptText(state), unseenText(state)].filter(Boolean).join(' '));
    this.ringButton.hidden = state.row.ring === undefined;
    this.sockets.root.hidden = this.calls.root.hidden = false;
    this.sockets.show(known.sockets, state.timeMs, about, whyNoSockets(state, this.awayText === undefined));
    this.calls.show(known, about);
    this.selectWanted();
    this.voice.say(spokenText(state), state.timeMs);
  }

  private selectWanted(): void {
    const { wanted } = this;
    if (wanted === undefined || !this.known.socket(wanted)) return;
    this.wanted = undefined;
    this.sockets.reveal(wanted);
  }

  private drawDoctor({ row }: PvCallsDeviceState): void {
    // What the doctor said is of before: nobody knows whether it is still so.
    if (this.awayText !== undefined)
      return this.doctor.show({ severity: 'note', text: 'not seen now', evidence: [] });
    const said = saidOf(row.diagnoses);
    const unseen = row.unseen === undefined ? [] : [row.unseen];
    this.doctor.show({ ...said, evidence: [...unseen, ...said.evidence] });
  }

  /** That it is gone is the greater news than that the view is paused. */
  private drawAway(): void {
    const text = this.awayText ?? (this.paused ? 'The view is paused; the device goes on.' : undefined);
    this.away.hidden = text === undefined;
    if (text !== undefined) setText(this.away, text);
  }

  private setPaused(paused: boolean): void {
    this.paused = paused;
    this.pauseButton.textContent = paused ? 'Go On' : 'Pause View';
    this.drawAway();
    this.post({ kind: 'pause', paused });
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // What is typed into the filter is no command.
    const [target] = event.composedPath();
    if (target instanceof HTMLInputElement) return;
    if (event.key.toLowerCase() === 'p') this.setPaused(!this.paused);
  }

  private keep(state: PageState): void {
    this.state = { ...this.state, ...state };
    this.vscode.setState(this.state);
  }

  private post(message: FromPvCalls): void {
    this.vscode.postMessage(message);
  }
}

new PvCallsPage();
