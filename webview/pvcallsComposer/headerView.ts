/** What stands above the form: whose ring this is, how both sides stand, what is waited for, what is wrong. */
import type { ComposerState } from '../../server/rpc/api';
import { button, element } from '../kit';
import { Help, PoliteVoice, severityIcon, toolbar } from '../page';
import { setText } from '../rings/texts';
import type { FromPvCallsComposer, ToPvCallsComposer } from './messages';
import { aboutText, explanation, foreignText, statesText } from './words';

type About = Extract<ToPvCallsComposer, { kind: 'about' }>;

export class HeaderView {
  readonly voice = new PoliteVoice();
  private readonly heading = element('h1', { text: 'PV Calls Composer' });
  private readonly where = element('span', { className: 'dim' });
  private readonly foreign = element('p', { className: 'foreign' });
  private readonly device = element('p', { className: 'dim path' });
  private readonly verdict = element('p', { className: 'verdict' });
  private readonly states = element('p', { className: 'states' });
  private readonly findings = element('ul', { className: 'findings' });
  private readonly said = element('p');
  private readonly help = new Help();
  private readonly ringButton = button('Show Command Ring', 'secondary', () => {
    const ring = this.state?.device.ring;
    if (ring !== undefined) this.post({ kind: 'showRing', ring });
  });
  private readonly deviceButton = button('Show Device', 'secondary', () => this.post({ kind: 'showDevice' }));
  private readonly observedButton = button('Show as Observer', 'secondary', () =>
    this.post({ kind: 'showObserved' }),
  );
  private readonly closeButton = button('Close', 'secondary', () => this.post({ kind: 'close' }));
  private readonly killButton = button('Kill', 'secondary', () => this.post({ kind: 'kill' }));
  private readonly openButton = button('Open Again', 'secondary', () => this.reopen());
  private state: ComposerState | undefined;
  private isAway = true;
  private isOwn = true;
  private isSimulated = false;
  private unspoken = '';

  constructor(private readonly post: (message: FromPvCallsComposer) => void) {
    for (const spoken of [this.verdict, this.said]) {
      spoken.setAttribute('role', 'status');
      spoken.setAttribute('aria-live', 'polite');
    }
    this.help.fill(explanation);
    this.findings.setAttribute('aria-label', 'What is wrong with the other side');
    this.ringButton.title = 'The 32 slots in a panel of their own, read only';
    this.deviceButton.title = 'Both sides of the device and their states';
    this.observedButton.title =
      'What is seen of this device without taking part: sockets, commands in flight, history';
    this.closeButton.title = 'Releases all sockets and takes the device away';
    this.killButton.title = 'Ends the frontend as a crash would: nobody tells the backend';
    this.enable();
  }

  get parts(): readonly HTMLElement[] {
    const { ringButton, deviceButton, observedButton, closeButton, killButton } = this;
    // What ends something stands apart.
    closeButton.classList.add('apart');
    const tools = toolbar('Composer', ringButton, deviceButton, observedButton, this.help.button);
    tools.append(closeButton, killButton, this.openButton);
    const head = element('header', {}, this.heading, this.where);
    const { foreign, device, verdict, states, findings, said, help } = this;
    return [head, foreign, device, verdict, states, findings, tools, said, help.root];
  }

  setAbout(about: About): void {
    const { plan, frontend, simulated, lines } = about;
    this.isOwn = plan.kind === 'own';
    this.isSimulated = simulated;
    setText(this.where, aboutText(plan, about));
    this.foreign.hidden = this.isOwn;
    this.foreign.replaceChildren(
      ...(this.isOwn ? [] : [severityIcon('warning'), element('span', { text: foreignText(frontend) })]),
    );
    this.device.title = lines.join('\n\n');
    this.closeButton.textContent = this.isOwn ? 'Close' : 'Leave';
    this.enable();
  }

  begin(): void {
    this.state = undefined;
    this.isAway = false;
    this.drawVerdict({ text: 'It is being opened…', severity: 'note' });
    setText(this.states, '');
    this.tell('', false);
    this.enable();
  }

  show(state: ComposerState): void {
    const before = this.state;
    this.state = state;
    this.isAway = false;
    if (before?.text !== state.text || before.severity !== state.severity) this.drawVerdict(state);
    const { frontend, backend } = state.device;
    setText(this.device, [frontend, backend].filter((path) => path !== undefined).join(' → '));
    setText(this.states, statesText(state));
    this.drawFindings(state.findings);
    this.enable();
  }

  goAway(text: string): void {
    this.isAway = true;
    this.state = undefined;
    this.drawVerdict({ text, severity: 'warning' });
    setText(this.states, '');
    this.enable();
  }

  /** How something that was done fared; empty for nothing. */
  tell(text: string, failed: boolean): void {
    setText(this.said, text);
    this.said.className = failed ? 'problem' : 'dim';
  }

  speak(text: string): void {
    this.unspoken = text;
  }

  /** `received`: what a console has to say where nothing else is to be said. */
  tick(nowMs: number, received: string): void {
    if (this.unspoken === '') this.unspoken = received;
    if (this.unspoken !== '' && this.voice.say(this.unspoken, nowMs)) this.unspoken = '';
  }

  /** Until the host is there again, which may take a while, it is not asked for twice. */
  private reopen(): void {
    this.post({ kind: 'reopen' });
    this.drawVerdict({ text: 'It is being opened again…', severity: 'note' });
    this.openButton.disabled = true;
  }

  private drawVerdict({ text, wayOut, severity }: Pick<ComposerState, 'text' | 'wayOut' | 'severity'>): void {
    this.verdict.className = `verdict ${severity}`;
    const words = element('span', { text });
    if (wayOut !== undefined) words.append(element('span', { className: 'dim', text: wayOut }));
    this.verdict.replaceChildren(severityIcon(severity), words);
  }

  private drawFindings(findings: ComposerState['findings']): void {
    const key = JSON.stringify(findings);
    if (this.findings.dataset.key === key) return;
    this.findings.dataset.key = key;
    this.findings.replaceChildren(
      ...findings.map(({ text, count }) =>
        element('li', { text: count === 1 ? text : `${text} (${count} times)` }),
      ),
    );
  }

  private enable(): void {
    const phase = this.state?.phase;
    const isOver = this.isAway || phase === 'ended' || phase === 'failed';
    this.ringButton.disabled = this.state?.device.ring === undefined;
    this.deviceButton.disabled = this.state?.device.frontend === undefined;
    this.observedButton.disabled = this.deviceButton.disabled;
    this.closeButton.disabled = this.isAway || this.state?.canClose !== true;
    this.killButton.disabled = isOver || phase === 'closing';
    this.killButton.hidden = !this.isSimulated || !this.isOwn;
    this.openButton.disabled = !isOver;
  }
}
