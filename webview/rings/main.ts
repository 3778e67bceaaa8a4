/** The page of one ring: two live pictures, numbers, history, packets, words and bytes. */
import type { RingFrame, RingStrip, RingVerdict } from '../../server/rpc/api';
import { DoctorView } from '../doctorView';
import { button, element, registerKit } from '../kit';
import type { FromRing, ToRing } from '../messages';
import { Help, PoliteVoice, fromBase64, toolbar } from '../page';
import { DirectionView } from './directionView';
import { HexView } from './hexView';
import { History } from './history';
import { deviceText } from './deviceWords';
import { levelsOf, sizesOf } from './levels';
import { percent } from './numbers';
import { onTheme, prefersStillness, readPalette } from './palette';
import { ReconnectView } from './reconnect';
import { Strip } from './strip';
import { SlotView } from './slotView';
import { setText } from './texts';
import { WordsTable } from './wordsTable';
import { evidenceOf, explanation, politeSummary, ringHeading, shownAs } from './words';
import './ring.css';

declare function acquireVsCodeApi(): {
  postMessage(message: FromRing): void;
  /** Kept over a reload of the window, which opens the panel again by it. */
  setState(state: { readonly host: string; readonly ring: string }): void;
};

/** Who left is nothing to worry about, and no tick either; nor is what nobody uses. */
function signOf({ severity, rule }: RingVerdict): RingVerdict['severity'] {
  return severity === 'fine' && (rule === 'peer-gone' || rule === 'not-used') ? 'note' : severity;
}

class RingPage {
  private readonly vscode = acquireVsCodeApi();
  private palette = readPalette();
  private about: Extract<ToRing, { kind: 'about' }> | undefined;
  private latest: RingFrame | undefined;
  /** What the server saw before the first frame. */
  private before: RingStrip | undefined;
  private bytes = new Uint8Array();
  private paused = false;
  private directions: DirectionView[] = [];
  private slots: SlotView | undefined;
  private history = new History(2);
  private strip: Strip | undefined;

  private readonly heading = element('h1', { text: 'Ring' });
  private readonly where = element('span', { className: 'dim' });
  private readonly doctor = new DoctorView();
  private readonly away = element('p', { className: 'away' });
  private readonly help = new Help();
  private readonly pictures = element('div', { className: 'directions' });
  private readonly stripBox = element('div', { className: 'strip' });
  private readonly stripText = element('p', { className: 'dim' });
  private readonly facts = element('p', { className: 'dim' });
  private readonly voice = new PoliteVoice();
  private readonly words = new WordsTable();
  private readonly hex = new HexView();
  private readonly reconnect = new ReconnectView({
    ask: () => this.post({ kind: 'askReconnect' }),
    go: (forced) => this.post({ kind: 'reconnect', forced }),
    running: (isRunning) => (this.reconnectButton.disabled = isRunning),
  });
  private readonly pauseButton = button('Pause View', 'secondary', () => this.setPaused(!this.paused));
  private readonly reconnectButton = button('Reconnect…', 'secondary', () =>
    this.post({ kind: 'askReconnect' }),
  );

  constructor() {
    registerKit();
    this.build();
    window.addEventListener('message', (event: MessageEvent<ToRing>) => this.receive(event.data));
    document.addEventListener('keydown', (event) => this.onKey(event));
    onTheme(() => this.restyle());
    this.post({ kind: 'ready' });
  }

  private build(): void {
    const root = document.getElementById('root')!;
    this.away.setAttribute('role', 'status');
    this.away.textContent = 'Waiting for the first look at the page…';
    this.pauseButton.title = 'Holds this view, not the ring (P)';
    this.reconnectButton.hidden = true;
    const tools = toolbar('Ring', this.pauseButton, this.reconnectButton, this.help.button);
    const title = element('header', {}, this.heading, this.where);
    const history = element('section', {}, element('h2', { text: 'The last two minutes' }));
    history.append(this.stripBox, this.stripText);
    this.stripBox.setAttribute('aria-hidden', 'true');
    root.append(title, ...this.doctor.parts, this.away, tools, this.help.root, this.reconnect.root);
    root.append(this.pictures, history, this.words.root, this.hex.root, this.facts, this.voice.root);
  }

  private receive(message: ToRing): void {
    switch (message.kind) {
      case 'about':
        return this.setAbout(message);
      case 'frame':
        return this.take(message.frame);
      case 'strip':
        return this.takeStrip(message.strip);
      case 'away':
        return this.tellAway(message.text);
      case 'anew':
        return this.reconnect.forget();
      case 'reconnectPreview':
        return this.reconnect.preview(message.preview);
      case 'reconnectStep':
        return this.reconnect.step(message.step);
      case 'reconnectResult':
        return this.reconnect.end(message.result);
      case 'reconnectFailed':
        return this.reconnect.failed(message.text);
    }
  }

  private setAbout(about: Extract<ToRing, { kind: 'about' }>): void {
    this.about = about;
    const { host, ring } = about;
    this.vscode.setState({ host, ring });
    setText(this.where, `${about.owner} on ${about.hostLabel}`);
    this.fillHelp();
  }

  private take(frame: RingFrame): void {
    if (frame.page !== undefined) this.bytes = fromBase64(frame.page);
    if (this.paused) return;
    const first = this.latest === undefined;
    this.latest = frame;
    if (first) this.begin(frame);
    if (!this.away.hidden) this.away.hidden = true;
    this.history.add(frame.timeMs, levelsOf(frame));
    this.draw(frame);
  }

  /** May come before the first frame; later it fills the time in which the page was hidden or paused. */
  private takeStrip(strip: RingStrip): void {
    if (!this.latest) this.before = strip;
    else this.history.restore(strip, sizesOf(this.latest));
  }

  private begin(frame: RingFrame): void {
    const { row } = frame;
    setText(this.heading, ringHeading(row));
    this.reconnectButton.hidden = row.kind !== 'xenstore';
    this.directions = row.directions.map(
      ({ name }, index) =>
        new DirectionView(
          index === 0 ? 0 : 1,
          name,
          shownAs(row),
          () => this.palette,
          () => !prefersStillness(),
        ),
    );
    const moves = () => !prefersStillness();
    this.slots = row.slots && new SlotView(row.slots, () => this.palette, moves);
    const views = this.slots ? [this.slots] : this.directions;
    this.pictures.classList.toggle('single', views.length === 1);
    this.pictures.replaceChildren(...views.map(({ root }) => root));
    this.history = new History(sizesOf(frame).length);
    if (this.before) this.history.restore(this.before, sizesOf(frame));
    const names = lineNames(frame);
    this.strip = new Strip(this.stripBox, this.history, names, () => this.palette);
    this.fillHelp();
  }

  private draw(frame: RingFrame): void {
    const { verdict } = frame.row;
    this.doctor.show({ severity: signOf(verdict), text: verdict.text, evidence: evidenceOf(frame) });
    for (const [index, view] of this.directions.entries()) {
      view.show(frame.row.directions[index]!, frame.details[index]!);
    }
    if (frame.row.slots && frame.slotsDetail) this.slots?.show(frame.row.slots, frame.slotsDetail);
    this.strip?.draw(frame.timeMs);
    const highest = lineNames(frame).map(
      (name, index) => `${name} ${percent(this.history.highest(index), 100)} %`,
    );
    setText(
      this.stripText,
      highest.length === 0 ? '' : `Highest in view: ${highest.join(', ')}. ${lineText(frame)}`,
    );
    this.words.show(frame);
    this.hex.show(frame, this.bytes);
    setText(this.facts, factsText(frame));
    this.voice.say(politeSummary(frame), frame.timeMs);
  }

  private tellAway(text: string): void {
    this.away.hidden = false;
    setText(this.away, text);
  }

  private setPaused(paused: boolean): void {
    this.paused = paused;
    this.pauseButton.textContent = paused ? 'Go On' : 'Pause View';
    document.body.classList.toggle('paused', paused);
    if (paused) this.tellAway('The view is paused; the ring goes on.');
    else this.away.hidden = true;
    this.post({ kind: 'pause', paused });
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.toLowerCase() === 'p') this.setPaused(!this.paused);
  }

  private fillHelp(): void {
    const lines = explanation(
      this.latest?.row,
      this.about?.owner ?? 'a guest',
      this.about?.simulated ?? false,
    );
    this.help.fill(lines);
  }

  private restyle(): void {
    this.palette = readPalette();
    for (const { picture } of this.directions) picture.drawSoon();
    this.slots?.picture.drawSoon();
    this.strip?.rebuild();
  }

  private post(message: FromRing): void {
    this.vscode.postMessage(message);
  }
}

function lineNames({ row }: RingFrame): string[] {
  return row.slots ? [row.slots.isPosted ? 'posted' : 'in flight'] : row.directions.map(({ name }) => name);
}

function lineText({ row }: RingFrame): string {
  const [one, other] = row.directions;
  return one && other ? `Drawn out: ${one.name}; dashed: ${other.name}.` : '';
}

function factsText({ row, found, samples, tornSamples, pending }: RingFrame): string {
  const where = row.device ? ` ${deviceText(row.device)}` : '';
  const parts = [`The page was ${found}.${where}`, `Looked at ${samples.toLocaleString('en-US')} times`];
  if (tornSamples > 0)
    parts.push(`of which ${tornSamples.toLocaleString('en-US')} caught the words in motion`);
  const sentences = `${parts[0]} ${parts.slice(1).join(', ')}.`;
  if (!pending) return `${sentences} Whether a doorbell is pending cannot be seen on this host.`;
  const [server, guest] = row.device ? ['backend', 'frontend'] : ['server', 'guest'];
  const bells = [pending.toServer && `for the ${server}`, pending.toGuest && `for the ${guest}`].filter(
    Boolean,
  );
  return `${sentences} Doorbell pending: ${bells.length === 0 ? 'none' : bells.join(' and ')}.`;
}

new RingPage();
