/** The columns of the table of sockets: how each is filled, and sorted by. */
import type { PvCallsDirection, PvCallsSocketRow } from '../../server/rpc/api';
import { element } from '../kit';
import { percent } from '../rings/numbers';
import { setText, setTitle } from '../rings/texts';
import { type Column, fillText as fillCell } from './grid';
import type { About } from './socketsView';
import { compareAddresses, compareIds } from './sorting';
import {
  type FlowName,
  fillHover,
  fillText,
  idHover,
  idText,
  outstandingText,
  passedHover,
  passedText,
  troubleSentences,
  troubleText,
} from './words';

export interface SocketColumnContext {
  /** Of the host, from which ages are counted. */
  nowMs: number;
  about: About | undefined;
}

type Row = PvCallsSocketRow;

export function socketColumns(context: SocketColumnContext, showRing: (row: Row) => void): Column<Row>[] {
  return [
    {
      name: 'Socket',
      title: 'The frontend’s number for the socket',
      className: 'id',
      compare: (one, other) => compareIds(one.id, other.id),
      fill: (cell, row) =>
        fillCell(cell, idText(row.id), context.about ? idHover(row, context.about.known) : ''),
    },
    {
      name: 'State',
      title: 'What the commands have made of it',
      className: 'state',
      compare: (one, other) => one.state.localeCompare(other.state),
      fill: (cell, row) => fillState(cell, row, context.about),
    },
    {
      name: 'Local',
      title: 'The address that it was bound to, or accepted at',
      className: 'address',
      compare: (one, other) => compareAddresses(one.local, other.local),
      fill: (cell, { local }) =>
        fillCell(cell, local ?? '–', local ?? 'The protocol does not say it, or nobody saw it.'),
    },
    {
      name: 'Remote',
      title: 'The address that it is connected to',
      className: 'address',
      compare: (one, other) => compareAddresses(one.remote, other.remote),
      fill: (cell, { remote }) =>
        fillCell(cell, remote ?? '–', remote ?? 'The protocol does not say it, or nobody saw it.'),
    },
    ...(['in', 'out'] as const).flatMap((name) => flowColumns(name, showRing)),
    {
      name: 'Waits for',
      title: 'Commands without a response yet, and since when',
      className: 'waits',
      compare: (one, other) => sinceOf(one) - sinceOf(other),
      fill: (cell, row) => fillCell(cell, outstandingText(row, context.nowMs)),
    },
    {
      name: 'Errors',
      title: 'The last call that failed, how directions ended, and what the doctor says',
      className: 'errors',
      compare: (one, other) => troubleText(one).localeCompare(troubleText(other)),
      fill: (cell, row) => {
        fillCell(cell, troubleText(row), troubleSentences(row).join('\n'));
        const severity = row.diagnosis?.severity ?? (row.failure ? 'warning' : 'fine');
        cell.className = `errors ${severity}`;
      },
    },
  ];
}

function flowColumns(name: FlowName, showRing: (row: Row) => void): Column<Row>[] {
  const way = name === 'in' ? 'from the network to the guest' : 'from the guest to the network';
  const title = name === 'in' ? 'In' : 'Out';
  const numberOf = (row: Row, pick: (direction: PvCallsDirection) => number) => {
    const direction = row[name];
    return direction ? pick(direction) : -1;
  };
  return [
    {
      name: `${title}: waiting`,
      title: `How full the ring ${name} is, ${way}. A click opens the data rings.`,
      className: `fill ${name}`,
      compare: (one, other) => {
        const share = ({ usedBytes, sizeBytes }: PvCallsDirection) => usedBytes / Math.max(1, sizeBytes);
        return numberOf(one, share) - numberOf(other, share);
      },
      fill: (cell, row) => fillBar(cell, name, row, showRing),
    },
    {
      name: `${title}: passed`,
      title: `Bytes a second now, and bytes since Xenscope began to look, ${way}`,
      className: 'passed',
      compare: (one, other) =>
        numberOf(one, ({ perSecond }) => perSecond) - numberOf(other, ({ perSecond }) => perSecond) ||
        numberOf(one, ({ bytes }) => bytes) - numberOf(other, ({ bytes }) => bytes),
      fill: (cell, row) => {
        const direction = row[name];
        fillCell(cell, direction ? passedText(direction) : '', direction ? passedHover(name, direction) : '');
      },
    },
  ];
}

function sinceOf({ outstanding }: Row): number {
  return outstanding[0]?.sinceMs ?? Infinity;
}

function fillState(cell: HTMLElement, { state }: Row, about: About | undefined): void {
  const words = about?.states[state];
  if (cell.childElementCount === 0) {
    const icon = element('span');
    icon.setAttribute('aria-hidden', 'true');
    cell.append(icon, ' ', element('span'));
  }
  const [icon, word] = cell.children as unknown as [HTMLElement, HTMLElement];
  const name = `codicon codicon-${words?.icon ?? 'question'}`;
  if (icon.className !== name) icon.className = name;
  setText(word, words?.word ?? state);
  setTitle(cell, words?.meaning ?? '');
}

/** A bar that is as long as the ring is full, with the share beside it; a button where its rings can be opened. */
function fillBar(cell: HTMLElement, name: FlowName, row: Row, showRing: (row: Row) => void): void {
  const direction = row[name];
  if (!direction) {
    if (cell.childElementCount > 0) cell.replaceChildren();
    return setTitle(cell, '');
  }
  const button = barButton(cell, row, showRing);
  const canOpen = row.rings?.ring !== undefined;
  const hover = `${fillHover(name, direction)}${canOpen ? ' Opens the data rings.' : ''}`;
  if (button.disabled === canOpen) button.disabled = !canOpen;
  setTitle(button, hover);
  if (button.getAttribute('aria-label') !== hover) button.setAttribute('aria-label', hover);
  const [track, text] = button.children as unknown as [HTMLElement, HTMLElement];
  const width = direction.insane ? '100%' : `${percent(direction.usedBytes, direction.sizeBytes)}%`;
  const bar = track.firstElementChild as HTMLElement;
  if (bar.style.width !== width) bar.style.width = width;
  button.classList.toggle('insane', direction.insane);
  setText(text, fillText(direction));
}

function barButton(cell: HTMLElement, row: Row, showRing: (row: Row) => void): HTMLButtonElement {
  const known = cell.firstElementChild as HTMLButtonElement | null;
  if (known) {
    // The row may have other rings than it had.
    known.onclick = () => showRing(row);
    return known;
  }
  const track = element('span', { className: 'track' }, element('span', { className: 'level' }));
  const made = element('button', { className: 'bar' }, track, element('span', { className: 'share' }));
  made.type = 'button';
  // The arrow keys reach the row, and Enter opens its rings: a thousand tab stops would help nobody.
  made.tabIndex = -1;
  made.onclick = () => showRing(row);
  cell.append(made);
  return made;
}
