/** The index and state words of the page, with what they mean. */
import type { RingFrame } from '../../server/rpc/api';
import { element } from '../kit';
import { setNumber } from './flash';
import { hex32 } from './numbers';
import { headRow } from './rowList';
import { setText, setTitle } from './texts';

export class WordsTable {
  readonly root: HTMLElement;
  private readonly body = element('tbody');
  private readonly values = new Map<string, { readonly value: HTMLElement; readonly says: HTMLElement }>();

  constructor() {
    const head = headRow(['Word', 'Value', 'What it says']);
    const table = element('table', { className: 'words' }, element('thead', {}, head), this.body);
    table.setAttribute('aria-label', 'Words of the page');
    this.root = element('section', {}, element('h2', { text: 'Words of the page' }), table);
  }

  show({ words }: RingFrame): void {
    for (const { name, offsetBytes, value, meaning, says } of words) {
      let cells = this.values.get(name);
      if (!cells) {
        const head = element('th', {}, element('code', { text: name }));
        head.scope = 'row';
        head.title = `${meaning}\nByte ${offsetBytes} of the page.`;
        cells = {
          value: element('td', { className: 'number' }),
          says: element('span', { className: 'says' }),
        };
        this.values.set(name, cells);
        const last = element('td', {}, cells.says, element('span', { className: 'dim', text: meaning }));
        this.body.append(element('tr', {}, head, cells.value, last));
      }
      setNumber(cells.value, hex32(value));
      setTitle(cells.value, value.toLocaleString('en-US'));
      setText(cells.says, sentence(says ?? ''));
    }
  }
}

/** `no error` → `No error.` */
function sentence(words: string): string {
  return words === '' ? '' : `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
