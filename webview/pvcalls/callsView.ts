/** Commands in flight and those that were answered, with the slots of the one that is selected. */
import type { PvCallsCallRow, PvCallsSocketRow } from '../../server/rpc/api';
import { checkbox, element } from '../kit';
import { ageText, clockText } from '../devices/words';
import { grouped } from '../rings/numbers';
import { setText } from '../rings/texts';
import { CallDetail } from './callDetail';
import { type Column, Grid, fillText } from './grid';
import { compareIds } from './sorting';
import type { Known } from './known';
import type { About } from './socketsView';
import { answerHover, answerText, idText, inFlightText, latencyText } from './words';

interface Context {
  /** Of the host, from which ages are counted. */
  nowMs: number;
  about: About | undefined;
}

export class CallsView {
  readonly root = element('section');
  private readonly context: Context = { nowMs: 0, about: undefined };
  /** That there are none, or those that the table cannot show. */
  private readonly furtherInFlight = element('p', { className: 'dim' });
  private readonly inFlight: Grid<PvCallsCallRow>;
  private readonly historyText = element('p', { className: 'dim' });
  private readonly history: Grid<PvCallsCallRow>;
  private readonly onlyOne;
  private readonly detail: CallDetail;
  private isOnlyOne = false;
  private socket: PvCallsSocketRow | undefined;
  private known: Known | undefined;
  /** The number of the call that is selected, in one table or the other. */
  private selected: number | undefined;

  constructor(acts: { copy(text: string): void }) {
    const { context } = this;
    this.detail = new CallDetail(acts);
    this.inFlight = this.gridOf('Commands in flight, oldest first', 'inFlight', [
      whatColumn(),
      socketColumn(),
      {
        name: 'Waits for',
        title: 'Since the request was seen',
        className: 'latency',
        compare: (one, other) => (one.sentMs ?? 0) - (other.sentMs ?? 0),
        fill: (cell, { sentMs }) =>
          fillText(
            cell,
            sentMs === undefined ? 'since before anybody looked' : ageText(context.nowMs - sentMs),
          ),
      },
    ]);
    this.history = this.gridOf('Answered commands, newest first', 'history', historyColumns());
    this.onlyOne = checkbox('Only the selected socket', false, (checked) => {
      this.isOnlyOne = checked;
      this.draw();
    });
    this.onlyOne.textContent = 'Only the selected socket';
    const head = element('div', { className: 'head' }, element('h2', { text: 'History' }), this.onlyOne);
    this.root.append(element('h2', { text: 'Commands in flight' }), this.furtherInFlight, this.inFlight.root);
    this.root.append(head, this.historyText, this.history.root, this.detail.root);
  }

  show(known: Known, about: About): void {
    this.known = known;
    this.context.nowMs = known.state?.timeMs ?? 0;
    this.context.about = about;
    this.draw();
  }

  /** The socket that is selected in the other table. */
  follow(socket: PvCallsSocketRow | undefined): void {
    this.socket = socket;
    this.draw();
  }

  private gridOf(label: string, className: string, columns: readonly Column<PvCallsCallRow>[]) {
    return new Grid<PvCallsCallRow>({
      label,
      className: `calls ${className}`,
      columns,
      keyOf: ({ n }) => String(n),
      selected: (row) => this.select(row, className),
    });
  }

  private select(row: PvCallsCallRow | undefined, table: string): void {
    if (row) {
      this.selected = row.n;
      if (table === 'history') this.inFlight.select(undefined);
      else this.history.select(undefined);
    }
    this.drawDetail();
  }

  private draw(): void {
    const { known, socket } = this;
    if (!known?.state) return;
    const { inFlight, unseen } = known.state;
    setText(this.furtherInFlight, inFlightText(inFlight.length, unseen.inFlight));
    this.furtherInFlight.hidden = inFlight.length > 0 && unseen.inFlight === 0;
    this.inFlight.root.hidden = inFlight.length === 0;
    this.inFlight.show(inFlight);
    this.onlyOne.disabled = socket?.id === undefined;
    this.onlyOne.title = onlyOneHover(socket);
    const isOnlyOne = this.isOnlyOne && socket?.id !== undefined;
    const calls = isOnlyOne ? known.calls.filter(({ id }) => id === socket.id) : known.calls;
    setText(this.historyText, historyText(calls.length, known, isOnlyOne));
    this.history.root.hidden = calls.length === 0;
    this.history.show(calls);
    this.drawDetail();
  }

  /** One that was in flight when it was selected may be answered by now. */
  private drawDetail(): void {
    const { known, selected } = this;
    const all = known ? [...(known.state?.inFlight ?? []), ...known.calls] : [];
    this.detail.show(
      selected === undefined ? undefined : all.find(({ n }) => n === selected),
      this.context.about,
    );
  }
}

function onlyOneHover(socket: PvCallsSocketRow | undefined): string {
  if (!socket) return 'Select a socket in the table above first';
  if (socket.id === undefined)
    return 'The number of the selected socket is not known: no call can be said to be its own';
  return 'Only the selected socket';
}

function historyText(shown: number, { calls, callsLeftOut }: Known, isOnlyOne: boolean): string {
  const older = callsLeftOut > 0 ? ` ${grouped(callsLeftOut)} older ones are not remembered.` : '';
  if (calls.length === 0) return `No command was answered since Xenscope began to look.${older}`;
  const of = isOnlyOne ? `${grouped(shown)} of ${grouped(calls.length)}` : grouped(shown);
  return `${of} answered ${calls.length === 1 ? 'command' : 'commands'}, the newest first.${older}`;
}

function whatColumn(): Column<PvCallsCallRow> {
  return {
    name: 'What is asked',
    title: 'The request in words',
    className: 'what',
    compare: (one, other) => one.text.localeCompare(other.text, 'en', { numeric: true }),
    fill: (cell, { text, cmd, reqId }) => fillText(cell, text, `${text}\n${cmd}, request ${reqId}`),
  };
}

function socketColumn(): Column<PvCallsCallRow> {
  return {
    name: 'Socket',
    title: 'The frontend’s number for the socket',
    className: 'id',
    compare: (one, other) => compareIds(one.id, other.id),
    fill: (cell, { id }) => fillText(cell, idText(id), id ?? ''),
  };
}

function historyColumns(): Column<PvCallsCallRow>[] {
  const timeOf = ({ answered, sentMs }: PvCallsCallRow) => answered?.timeMs ?? sentMs;
  return [
    {
      name: 'When',
      title: 'When the response was seen',
      className: 'when',
      compare: (one, other) => one.n - other.n,
      fill: (cell, row) => {
        const timeMs = timeOf(row);
        fillText(cell, timeMs === undefined ? 'before' : clockText(timeMs), whenHover(row));
      },
    },
    whatColumn(),
    socketColumn(),
    {
      name: 'Answer',
      title: 'What the backend answered',
      className: 'answer',
      compare: (one, other) => answerText(one).localeCompare(answerText(other)),
      fill: (cell, row) => {
        fillText(cell, answerText(row), answerHover(row));
        cell.className = `answer ${row.answered?.error ? 'error' : 'fine'}`;
      },
    },
    {
      name: 'Took',
      title: 'From the moment that the request was seen to that of the response',
      className: 'latency',
      compare: (one, other) => (one.answered?.latencyMs ?? -1) - (other.answered?.latencyMs ?? -1),
      fill: (cell, row) => fillText(cell, latencyText(row)),
    },
  ];
}

function whenHover({ sentMs, answered }: PvCallsCallRow): string {
  if (answered?.timeMs === undefined) return 'It lay in its slot before anybody looked.';
  const asked = sentMs === undefined ? '' : `Asked at ${clockText(sentMs)}, `;
  return `${asked}answered at ${clockText(answered.timeMs)}.`;
}
