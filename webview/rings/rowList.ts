/** A table of what lies in a ring, under a scroll bar of its own; a sentence stands there while it is empty. */
import { element } from '../kit';
import { grouped } from './numbers';
import { setText } from './texts';

export interface RowListOptions {
  readonly title: string;
  readonly columns: readonly string[];
  readonly className: string;
  /** What is said while there is nothing. */
  readonly emptyText: string;
}

export class RowList {
  readonly root: HTMLElement;
  private readonly options: RowListOptions;
  private readonly rows = element('tbody');
  private readonly empty: HTMLElement;
  private readonly scroller: HTMLElement;
  private drawn = '';

  constructor(options: RowListOptions) {
    const { title, columns, className, emptyText } = options;
    this.options = options;
    const table = element('table', { className }, element('thead', {}, headRow(columns)), this.rows);
    table.setAttribute('aria-label', title);
    this.empty = element('p', { className: 'dim', text: emptyText });
    this.scroller = element('div', { className: 'scroll' }, table);
    // So that the arrow keys scroll it.
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute('role', 'region');
    this.scroller.setAttribute('aria-label', title);
    this.root = element('section', {}, element('h3', { text: title }), this.empty, this.scroller);
  }

  /**
   * The rows of `entries`, and how many more there are that have none. They are drawn anew when something
   * changed only. `unreadable`: why nobody can tell what lies there.
   */
  show<Entry>(
    entries: readonly Entry[],
    leftOut: number,
    rowOf: (entry: Entry) => HTMLElement,
    unreadable: string | undefined,
  ): void {
    setText(this.empty, unreadable ?? this.options.emptyText);
    const drawn = JSON.stringify([entries, leftOut]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.empty.hidden = entries.length > 0;
    this.scroller.hidden = entries.length === 0;
    const rows = entries.map(rowOf);
    if (leftOut > 0) rows.push(moreRow(leftOut, this.options.columns.length));
    this.rows.replaceChildren(...rows);
  }
}

export function headRow(columns: readonly string[]): HTMLElement {
  const head = element('tr');
  for (const name of columns) {
    const cell = element('th', { text: name });
    cell.scope = 'col';
    head.append(cell);
  }
  return head;
}

function moreRow(count: number, width: number): HTMLElement {
  const cell = element('td', { className: 'dim', text: `… and ${grouped(count)} more` });
  cell.colSpan = width;
  return element('tr', {}, cell);
}
