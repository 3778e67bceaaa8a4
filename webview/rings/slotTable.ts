/** Slots of a ring with the fields of what they hold: requests in flight, or responses that still stand. */
import type { RingSlotsDetail, SlotEntry } from '../../server/rpc/api';
import { element } from '../kit';
import { grouped, hex32 } from './numbers';
import { setText } from './texts';

type Meanings = RingSlotsDetail['meanings'];

export class SlotTable {
  readonly root: HTMLElement;
  private readonly rows = element('tbody');
  private readonly empty: HTMLElement;
  private readonly scroller: HTMLElement;
  private drawn = '';

  constructor(
    title: string,
    private readonly emptyText: string,
  ) {
    const head = element('tr');
    for (const name of ['Number', 'Slot', 'Fields']) {
      const cell = element('th', { text: name });
      cell.scope = 'col';
      head.append(cell);
    }
    const table = element('table', { className: 'packets slots' }, element('thead', {}, head), this.rows);
    table.setAttribute('aria-label', title);
    this.empty = element('p', { className: 'dim', text: emptyText });
    this.scroller = element('div', { className: 'scroll' }, table);
    // So that the arrow keys scroll it.
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute('role', 'region');
    this.scroller.setAttribute('aria-label', title);
    this.root = element('section', {}, element('h3', { text: title }), this.empty, this.scroller);
  }

  /** `unreadable`: why the indices do not say what lies in the slots. */
  show(
    entries: readonly SlotEntry[],
    meanings: Meanings,
    leftOut: number,
    unreadable: string | undefined,
  ): void {
    setText(this.empty, unreadable ?? this.emptyText);
    const drawn = JSON.stringify([entries, leftOut]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.empty.hidden = entries.length > 0;
    this.scroller.hidden = entries.length === 0;
    const rows = entries.map((entry) => slotRow(entry, meanings[entry.layout] ?? {}));
    if (leftOut > 0) rows.push(moreRow(leftOut));
    this.rows.replaceChildren(...rows);
  }
}

function slotRow(
  { index, slot, layout, values }: SlotEntry,
  meanings: Readonly<Record<string, string>>,
): HTMLElement {
  const number = element('td', { className: 'number', text: grouped(index) });
  number.title = `${hex32(index)}\n${layout}`;
  const fields = element('td', { className: 'fields' });
  for (const { name, value, says } of values) {
    const field = element('span', { className: 'field' });
    field.title = `${name}: ${meanings[name] ?? ''}`;
    field.append(element('span', { className: 'dim', text: `${shortName(name)} ` }), says ?? value);
    // The number stays to be read where it has a name.
    if (says !== undefined) field.append(element('span', { className: 'dim', text: ` (${value})` }));
    fields.append(field, ' ');
  }
  return element('tr', {}, number, element('td', { className: 'number', text: String(slot) }), fields);
}

/** What stands before the last dot names the structure only: `u.connect.addr`, `op.rw.offset`. */
function shortName(name: string): string {
  return name.startsWith('seg[') ? name : name.replace(/^.*\./, '');
}

function moreRow(count: number): HTMLElement {
  const cell = element('td', { className: 'dim', text: `… and ${grouped(count)} more` });
  cell.colSpan = 3;
  return element('tr', {}, cell);
}
