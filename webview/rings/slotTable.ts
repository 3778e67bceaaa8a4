/** Slots of a ring with the fields of what they hold: requests in flight, or responses that still stand. */
import type { RingSlotsDetail, SlotEntry } from '../../server/rpc/api';
import { element } from '../kit';
import { grouped, hex32 } from './numbers';
import { RowList } from './rowList';

type Meanings = RingSlotsDetail['meanings'];

export class SlotTable {
  readonly root: HTMLElement;
  private readonly list: RowList;

  constructor(title: string, emptyText: string) {
    const columns = ['Number', 'Slot', 'Fields'];
    this.list = new RowList({ title, columns, className: 'packets slots', emptyText });
    this.root = this.list.root;
  }

  /** `unreadable`: why the indices do not say what lies in the slots. */
  show(
    entries: readonly SlotEntry[],
    meanings: Meanings,
    leftOut: number,
    unreadable: string | undefined,
  ): void {
    this.list.show(entries, leftOut, (entry) => slotRow(entry, meanings[entry.layout] ?? {}), unreadable);
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
