/** The dance: two lanes, a row for each move that was seen, the newest first. */
import type { DeviceFrame, DeviceSideName } from '../../server/rpc/api';
import { element } from '../kit';
import { setText } from '../rings/texts';
import { type DanceRow, ageText, clockText, danceRows, sideNames, sideTitles, stateText } from './words';

const remarks = {
  illegal: 'The rules have no such move.',
  unseen: 'Moves between may not have been seen.',
} as const;

export class DanceView {
  readonly root = element('section');
  private readonly text = element('p', { className: 'dim' });
  private readonly scroll = element('div', { className: 'scroll dance' });
  private readonly body = element('tbody');

  constructor() {
    const heads = ['When', ...sideNames.map((side) => sideTitles[side])].map((text) => {
      const cell = element('th', { text });
      cell.scope = 'col';
      return cell;
    });
    const table = element('table', {}, element('thead', {}, element('tr', {}, ...heads)), this.body);
    table.setAttribute('aria-label', 'The dance, newest move first');
    this.scroll.tabIndex = 0;
    this.scroll.setAttribute('role', 'region');
    this.scroll.setAttribute('aria-label', 'The dance');
    this.scroll.append(table);
    this.root.append(element('h2', { text: 'The dance' }), this.text, this.scroll);
  }

  show({ row, history, droppedSteps }: DeviceFrame, states: readonly string[]): void {
    setText(this.text, introText(history.length, droppedSteps));
    this.scroll.hidden = history.length === 0;
    const last = history.at(-1);
    const key = JSON.stringify([history.length, droppedSteps, last]);
    if (this.body.dataset.key === key) return;
    this.body.dataset.key = key;
    const now = { frontend: row.frontend.state, backend: row.backend.state };
    this.body.replaceChildren(...danceRows(history, now).map((move) => rowOf(move, states)));
  }
}

function introText(seen: number, dropped: number): string {
  if (seen === 0) return 'Neither side has moved since Xenscope began to look.';
  const before = dropped === 0 ? '' : ` ${dropped} before them are not remembered.`;
  return `${seen === 1 ? 'One move was seen.' : `${seen} moves were seen.`}${before}`;
}

function rowOf(move: DanceRow, states: readonly string[]): HTMLElement {
  const when = element('td', { className: 'number', text: clockText(move.timeMs) });
  if (move.afterMs !== undefined) {
    when.append(element('span', { className: 'dim', text: ` +${ageText(move.afterMs)}` }));
  }
  return element('tr', {}, when, ...sideNames.map((side) => laneOf(move, side, states)));
}

function laneOf(move: DanceRow, side: DeviceSideName, states: readonly string[]): HTMLElement {
  if (move.side !== side) {
    return element('td', { className: 'lane rests', text: stateText(states, move.other) });
  }
  const text = `${states[move.from] ?? move.from} → ${stateText(states, move.to)}`;
  const cell = element('td', { className: 'lane moved' }, element('span', { className: 'step', text }));
  if (move.remark) {
    const icon = move.remark === 'illegal' ? 'warning' : 'info';
    const sign = element('span', { className: `codicon codicon-${icon}` });
    sign.setAttribute('aria-hidden', 'true');
    cell.append(
      element('span', { className: `remark ${move.remark}` }, sign, new Text(` ${remarks[move.remark]}`)),
    );
  }
  return cell;
}
