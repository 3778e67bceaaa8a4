/** The bytes of a slot with the names of the fields that they are, and what they say. */
import type { ComposerSlotField } from '../../server/rpc/api';
import { element } from '../kit';
import { type SlotPart, partsOf } from './slotBytes';

export class SlotView {
  readonly root = element('div', { className: 'slot' });
  private readonly body = element('tbody');
  private key = '';

  /** `title`: what stands above the table, if anything. */
  constructor(label: string, title?: string) {
    const table = element('table', {}, this.body);
    table.setAttribute('aria-label', `${label}: the bytes of the slot`);
    this.root.append(...(title === undefined ? [] : [element('h3', { text: title })]), table);
    this.root.hidden = true;
  }

  /** `slot`: in hexadecimal; undefined: there is none. */
  show(slot: string | undefined, fields: readonly ComposerSlotField[]): void {
    this.root.hidden = slot === undefined;
    const key = JSON.stringify([slot, fields.length]);
    if (slot === undefined || this.key === key) return;
    this.key = key;
    this.body.replaceChildren(...partsOf(slot, fields).map(partRow));
  }
}

function partRow({ offsetBytes, field, hex, value }: SlotPart): HTMLElement {
  const name = element('th', { text: field ? shortName(field.name) : 'unused' });
  name.scope = 'row';
  if (!field) name.className = 'dim';
  const row = element(
    'tr',
    {},
    element('td', { className: 'number dim', text: String(offsetBytes) }),
    name,
    element('td', { className: field ? 'hex' : 'hex dim', text: hex }),
    element('td', { className: 'number', text: value ?? '' }),
  );
  if (field) row.title = `${field.name}: ${field.meaning}`;
  return row;
}

/** What stands before the last dot names the structure only: `u.connect.addr`. */
function shortName(name: string): string {
  return name.replace(/^.*\./, '');
}
