/** One call with its slots: what is asked and answered field by field, and all 64 bytes on demand. */
import type { PvCallsCallRow, PvCallsSlot } from '../../server/rpc/api';
import { button, element } from '../kit';
import { setText } from '../rings/texts';
import { hexLines } from './hexLines';
import type { About } from './socketsView';
import { answerHover, latencyText } from './words';

export class CallDetail {
  readonly root = element('section', { className: 'detail' });
  private readonly heading = element('h3');
  private readonly answer = element('p');
  private readonly how = element('p', { className: 'dim' });
  private readonly slots = element('div', { className: 'slots' });
  private drawn = '';

  constructor(private readonly acts: { copy(text: string): void }) {
    this.root.setAttribute('aria-label', 'The selected command');
    this.root.append(this.heading, this.answer, this.how, this.slots);
    this.root.hidden = true;
  }

  show(row: PvCallsCallRow | undefined, about: About | undefined): void {
    this.root.hidden = row === undefined;
    if (!row) return;
    const { cmd, reqId, text, known, request, answered } = row;
    setText(this.heading, `${cmd}, request ${reqId}: ${text}`);
    const took = answered?.latencyMs === undefined ? '' : ` It took ${latencyText(row)}.`;
    setText(this.answer, `${answerHover(row)}${took}`);
    setText(this.how, about?.known[known] ?? '');
    // A slot that is open stays open, and what is selected in it selected.
    const key = JSON.stringify([row.n, request?.raw, answered?.response.raw]);
    if (key === this.drawn) return;
    this.drawn = key;
    const parts: HTMLElement[] = [];
    if (request) parts.push(this.slot('Request', request));
    if (answered) parts.push(this.slot('Response', answered.response));
    this.slots.replaceChildren(...parts);
  }

  private slot(title: string, { index, fields, raw }: PvCallsSlot): HTMLElement {
    const rows = fields.map(({ name, value, says, meaning }) => {
      // What stands before the last dot names the structure only, in a response that of another command.
      const head = element('th', { text: name.replace(/^.*\./, '') });
      head.scope = 'row';
      head.title = `${name}: ${meaning}`;
      const cell = element('td', { className: 'value', text: says ?? value });
      // The number stays to be read where it has a name.
      if (says !== undefined)
        cell.append(element('span', { className: 'dim', text: ` (${value.replace(/^-/, '−')})` }));
      cell.title = meaning;
      return element('tr', {}, head, cell);
    });
    const table = element('table', { className: 'fields' }, element('tbody', {}, ...rows));
    table.setAttribute('aria-label', `${title}, field by field`);
    const bytes = element('pre', { text: hexLines(raw) });
    bytes.setAttribute('aria-label', `The 64 bytes of the ${title.toLowerCase()}`);
    const copy = button('Copy', 'secondary', () => this.acts.copy(raw));
    copy.title = 'Copies the 64 bytes as hexadecimal digits';
    const whole = element('details', {}, element('summary', { text: 'The raw slot' }), bytes, copy);
    return element('div', {}, element('h4', { text: `${title}, index ${index}` }), table, whole);
  }
}
