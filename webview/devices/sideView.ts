/** One end of the device as it is now: its state, since when, what it waits for, where it may go. */
import type { DeviceFrame, DeviceSideName } from '../../server/rpc/api';
import { button, element } from '../kit';
import type { ToDevice } from '../messages';
import { setText } from '../rings/texts';
import { sideTitles, sinceText, stateText, waitsText } from './words';

export interface SideActs {
  move(side: DeviceSideName, to: number): void;
  showNodes(path: string): void;
}

type About = Extract<ToDevice, { kind: 'about' }>;

export class SideView {
  readonly root = element('section', { className: 'side' });
  private readonly owner = element('p', { className: 'dim' });
  private readonly state = element('p', { className: 'state' });
  private readonly since = element('span', { className: 'dim' });
  private readonly name = element('span', { className: 'name' });
  private readonly meaning = element('p', { className: 'dim' });
  private readonly waits = element('p', { className: 'waits' });
  private readonly error = element('p', { className: 'failed' });
  private readonly moves = element('div', { className: 'buttons' });
  private readonly nodes = element('a', { className: 'nodes' });

  constructor(
    private readonly side: DeviceSideName,
    private readonly acts: SideActs,
  ) {
    const heading = element('h2', { text: sideTitles[side] });
    this.state.append(this.name, ' ', this.since);
    this.nodes.href = '#';
    this.nodes.addEventListener('click', (event) => {
      event.preventDefault();
      this.acts.showNodes(this.nodes.textContent ?? '');
    });
    this.moves.setAttribute('role', 'group');
    this.moves.setAttribute('aria-label', `Next legal moves of the ${side}`);
    this.root.setAttribute('aria-label', sideTitles[side]);
    this.root.append(heading, this.owner, this.state, this.waits, this.error, this.meaning);
    this.root.append(this.moves, this.nodes);
  }

  show(frame: DeviceFrame, { states, meanings }: About, owner: string): void {
    const { side } = this;
    const { path, exists, state, error } = frame.row[side];
    const isTurn = frame.row.turn.who === side;
    this.root.classList.toggle('turn', isTurn);
    setText(this.owner, `in ${owner}`);
    setText(this.name, exists ? stateText(states, state) : 'gone');
    setText(this.since, sinceText(frame, side));
    setText(this.waits, waitsText(frame, side, states));
    setText(this.meaning, exists ? (meanings[side][state] ?? '') : '');
    setText(this.error, error === undefined ? '' : `It failed: ${error}`);
    setText(this.nodes, path);
    this.nodes.hidden = !exists;
    this.showMoves(frame, states);
  }

  /** Drawn anew only when they are others, lest a button goes under a finger. */
  private showMoves({ row, legal }: DeviceFrame, states: readonly string[]): void {
    const { side } = this;
    const expected = row.turn.who === side ? row.turn.to : undefined;
    const key = JSON.stringify([legal[side], expected]);
    if (this.moves.dataset.key === key) return;
    this.moves.dataset.key = key;
    this.moves.replaceChildren(
      ...legal[side].map((to) => {
        const label = `→ ${states[to] ?? to}${to === expected ? ' (expected)' : ''}`;
        const made = button(label, to === expected ? 'primary' : 'secondary', () => this.acts.move(side, to));
        made.title = `Write ${stateText(states, to)} as the ${side}, after a question`;
        return made;
      }),
    );
  }
}
