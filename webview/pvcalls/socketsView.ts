/** The sockets of a device: a table with all of them, and everything about the one that is selected. */
import type { PvCallsSocketRow } from '../../server/rpc/api';
import { element, textField } from '../kit';
import type { ToPvCalls } from './messages';
import { grouped } from '../rings/numbers';
import { setText, setTitle } from '../rings/texts';
import { Grid } from './grid';
import { matches } from './filter';
import { type SocketColumnContext, socketColumns } from './socketColumns';
import { SocketDetail } from './socketDetail';
import type { Sorting } from './sorting';

export type About = Extract<ToPvCalls, { kind: 'about' }>;

export interface SocketsDraft {
  readonly filter: string;
  readonly sorting?: Sorting;
}

export interface SocketsActs {
  showRing(ring: string): void;
  /** The one whose calls the history shows, by its key and its id; undefined: all. */
  selected(socket: PvCallsSocketRow | undefined): void;
  draftChanged(draft: SocketsDraft): void;
}

export class SocketsView {
  readonly root = element('section');
  private readonly filter: HTMLElement & { value: string };
  private readonly count = element('span', { className: 'dim' });
  private readonly empty = element('p', { className: 'dim' });
  private readonly grid: Grid<PvCallsSocketRow>;
  private readonly detail: SocketDetail;
  private readonly context: SocketColumnContext = { nowMs: 0, about: undefined };
  private rows: readonly PvCallsSocketRow[] = [];
  private selectedKey: string | undefined;
  private sorting: Sorting | undefined;

  constructor(
    private readonly acts: SocketsActs,
    draft: SocketsDraft | undefined,
  ) {
    this.sorting = draft?.sorting;
    const showRing = ({ rings }: PvCallsSocketRow) => rings?.ring !== undefined && acts.showRing(rings.ring);
    this.grid = new Grid<PvCallsSocketRow>({
      label: 'Sockets',
      className: 'sockets',
      columns: socketColumns(this.context, showRing),
      keyOf: ({ key }) => key,
      selected: (row) => this.select(row),
      activated: showRing,
      ...(this.sorting && { sorting: this.sorting }),
      sortingChanged: (sorting) => {
        this.sorting = sorting;
        this.keepDraft();
      },
    });
    this.detail = new SocketDetail(acts);
    this.filter = textField('Filter sockets', 'Filter: id, address, state, error', () => undefined);
    this.filter.value = draft?.filter ?? '';
    this.filter.addEventListener('input', () => {
      this.keepDraft();
      this.draw();
    });
    const head = element(
      'div',
      { className: 'head' },
      element('h2', { text: 'Sockets' }),
      this.filter,
      this.count,
    );
    this.root.append(head, this.empty, this.grid.root, this.detail.root);
  }

  /** `whyNone`: what is said where there are none. */
  show(rows: readonly PvCallsSocketRow[], nowMs: number, about: About, whyNone: string): void {
    this.rows = rows;
    this.context.nowMs = nowMs;
    this.context.about = about;
    setText(this.empty, whyNone);
    this.draw();
  }

  select(row: PvCallsSocketRow | undefined): void {
    this.selectedKey = row?.key;
    this.drawDetail();
    this.acts.selected(row);
  }

  /** Brings it into view, also where the filter would hide it. */
  reveal(key: string): void {
    const row = this.rows.find((one) => one.key === key);
    if (row && !this.isShown(row)) this.filter.value = '';
    this.draw();
    this.grid.select(key);
  }

  private draw(): void {
    const shown = this.rows.filter((row) => this.isShown(row));
    const isFiltered = this.rows.length > 0 && this.filter.value.trim() !== '';
    setText(this.count, isFiltered ? `${grouped(shown.length)} of ${grouped(this.rows.length)}` : '');
    setTitle(this.count, isFiltered ? 'Sockets that the filter lets through, of all' : '');
    this.empty.hidden = this.rows.length > 0;
    this.filter.hidden = this.rows.length === 0;
    this.grid.root.hidden = this.rows.length === 0;
    this.grid.show(shown);
    this.drawDetail();
  }

  private drawDetail(): void {
    const row = this.rows.find(({ key }) => key === this.selectedKey);
    this.detail.show(row, this.context);
  }

  private isShown(row: PvCallsSocketRow): boolean {
    const word = this.context.about?.states[row.state].word ?? row.state;
    return matches(row, word, this.filter.value);
  }

  private keepDraft(): void {
    this.acts.draftChanged({ filter: this.filter.value, ...(this.sorting && { sorting: this.sorting }) });
  }
}
