/** The page of one device: both ends now, the dance that led there, what each published, its rings. */
import type { DeviceFrame, DeviceSideName, PublishedNode } from '../../server/rpc/api';
import { DoctorView, saidOf } from '../doctorView';
import { button, element, registerKit } from '../kit';
import type { FromDevice, ToDevice } from '../messages';
import { Help, PoliteVoice, toolbar } from '../page';
import { setText } from '../rings/texts';
import { DanceView } from './danceView';
import { SideView } from './sideView';
import { explanation, sideNames, sideTitles, spokenText } from './words';
import '../rings/ring.css';
import './device.css';

declare function acquireVsCodeApi(): {
  postMessage(message: FromDevice): void;
  /** Kept over a reload of the window, which opens the panel again by it. */
  setState(state: { readonly host: string; readonly device: string }): void;
};

const arrows = { frontend: 'arrow-left', backend: 'arrow-right', nobody: 'dash' } as const;

class DevicePage {
  private readonly vscode = acquireVsCodeApi();
  private about: Extract<ToDevice, { kind: 'about' }> | undefined;
  private latest: Extract<ToDevice, { kind: 'frame' }> | undefined;

  private readonly heading = element('h1', { text: 'Device' });
  private readonly where = element('span', { className: 'dim' });
  private readonly doctor = new DoctorView();
  private readonly away = element('p', {
    className: 'away',
    text: 'Waiting for the first look at the device…',
  });
  private readonly help = new Help();
  private readonly toolbar = toolbar('Device', this.help.button);
  private readonly voice = new PoliteVoice();
  private readonly arrow = element('span');
  private readonly dance = new DanceView();
  private readonly rings = element('section');
  private readonly ringList = element('ul', { className: 'rings' });
  private ringTexts: HTMLElement[] = [];
  private readonly published = element('section', { className: 'sides' });
  private readonly sides: Readonly<Record<DeviceSideName, SideView>>;

  constructor() {
    registerKit();
    const acts = {
      move: (side: DeviceSideName, to: number) => this.post({ kind: 'move', side, to }),
      showNodes: (path: string) => this.post({ kind: 'showNodes', path }),
    };
    this.sides = { frontend: new SideView('frontend', acts), backend: new SideView('backend', acts) };
    this.build();
    window.addEventListener('message', (event: MessageEvent<ToDevice>) => this.receive(event.data));
    this.post({ kind: 'ready' });
  }

  private build(): void {
    const root = document.getElementById('root')!;
    this.away.setAttribute('role', 'status');
    this.help.fill(explanation);
    this.arrow.setAttribute('aria-hidden', 'true');
    const middle = element('div', { className: 'turnArrow' }, this.arrow);
    const pair = element(
      'div',
      { className: 'pair' },
      this.sides.frontend.root,
      middle,
      this.sides.backend.root,
    );
    this.rings.append(element('h2', { text: 'Rings' }), this.ringList);
    this.rings.hidden = true;
    root.append(element('header', {}, this.heading, this.where), ...this.doctor.parts, this.away);
    root.append(
      this.toolbar,
      this.help.root,
      pair,
      this.rings,
      this.dance.root,
      this.published,
      this.voice.root,
    );
  }

  private receive(message: ToDevice): void {
    switch (message.kind) {
      case 'about':
        this.about = message;
        this.vscode.setState({ host: message.host, device: message.device });
        return this.draw();
      case 'frame':
        this.latest = message;
        this.away.hidden = true;
        return this.draw();
      case 'rings':
        return this.showRings(message.rings);
      case 'away':
        this.away.hidden = false;
        return setText(this.away, message.text);
    }
  }

  private draw(): void {
    const { about, latest } = this;
    if (!about || !latest) return;
    const { frame, owners, acts } = latest;
    setText(this.heading, `${frame.row.kind} ${frame.row.devid}`);
    setText(this.where, `${owners.frontend} on ${about.hostLabel}`);
    this.doctor.show(saidOf(frame.row.diagnoses));
    this.drawActs(acts);
    for (const side of sideNames) this.sides[side].show(frame, about, owners[side]);
    this.arrow.className = `codicon codicon-${arrows[frame.row.turn.who]}`;
    this.dance.show(frame, about.states);
    this.drawPublished(frame);
    this.voice.say(spokenText(frame, about.states), frame.nowMs);
  }

  private drawActs(acts: Extract<ToDevice, { kind: 'frame' }>['acts']): void {
    const key = JSON.stringify(acts);
    if (this.toolbar.dataset.key === key) return;
    this.toolbar.dataset.key = key;
    const made = acts.map(({ name, verb, detail }) => {
      const one = button(`${verb}…`, 'secondary', () => this.post({ kind: 'act', name }));
      one.title = detail;
      return one;
    });
    this.toolbar.replaceChildren(...made, this.help.button);
  }

  /** Links stay while they are the same, so that none goes under a finger. */
  private showRings(rings: Extract<ToDevice, { kind: 'rings' }>['rings']): void {
    const key = JSON.stringify(rings.map(({ id, label }) => [id, label]));
    if (this.ringList.dataset.key !== key) {
      this.ringList.dataset.key = key;
      this.rings.hidden = rings.length === 0;
      this.ringTexts = rings.map(() => element('span', { className: 'dim' }));
      this.ringList.replaceChildren(
        ...rings.map(({ id, label }, at) =>
          element('li', {}, this.ringLink(id, label), new Text(' '), this.ringTexts[at]!),
        ),
      );
    }
    for (const [at, { text }] of rings.entries()) setText(this.ringTexts[at]!, text);
  }

  private ringLink(ring: string, label: string): HTMLElement {
    const link = element('a', { text: label });
    link.href = '#';
    link.addEventListener('click', (event) => {
      event.preventDefault();
      this.post({ kind: 'showRing', ring });
    });
    return link;
  }

  private drawPublished({ published }: DeviceFrame): void {
    const key = JSON.stringify(published);
    if (this.published.dataset.key === key) return;
    this.published.dataset.key = key;
    this.published.replaceChildren(
      ...sideNames.map((side) => publishedTable(`Published by the ${side}`, published[side], side)),
    );
  }

  private post(message: FromDevice): void {
    this.vscode.postMessage(message);
  }
}

function publishedTable(label: string, nodes: readonly PublishedNode[], side: DeviceSideName): HTMLElement {
  const heading = element('h2', { text: label });
  if (nodes.length === 0) {
    return element('div', {}, heading, element('p', { className: 'dim', text: 'Nothing yet.' }));
  }
  const rows = nodes.map(({ name, value }) => {
    const head = element('th', { text: name });
    head.scope = 'row';
    return element('tr', {}, head, element('td', { className: 'value', text: value }));
  });
  const table = element('table', { className: 'published' }, element('tbody', {}, ...rows));
  table.setAttribute('aria-label', `${sideTitles[side]}: what it published`);
  return element('div', {}, heading, table);
}

new DevicePage();
