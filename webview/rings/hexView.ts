/** The hex dump on the page: only the rows that changed are drawn again, and only while it is open. */
import type { RingFrame } from '../../server/rpc/api';
import { element } from '../kit';
import { hexRows, type HexRow } from './hexRows';

export class HexView {
  readonly root: HTMLDetailsElement;
  private readonly body = element('pre', { className: 'hex' });
  private readonly lines: { readonly line: HTMLElement; key: string }[] = [];
  private latest: { readonly frame: RingFrame; readonly page: Uint8Array } | undefined;

  constructor() {
    const names = element('p', { className: 'dim' });
    names.append(
      'Coloured: waits to be read. Plain: read already, or never used. Framed: index and state words. ',
      'A dot stands for a byte that is no letter.',
    );
    this.body.tabIndex = 0;
    this.body.setAttribute('role', 'region');
    this.body.setAttribute('aria-label', 'The page in hexadecimal');
    this.root = element(
      'details',
      {},
      element('summary', { text: 'The page in hexadecimal' }),
      names,
      this.body,
    );
    this.root.addEventListener('toggle', () => this.draw());
  }

  show(frame: RingFrame, page: Uint8Array): void {
    this.latest = { frame, page };
    this.draw();
  }

  private draw(): void {
    if (!this.latest || !this.root.open) return;
    const rows = hexRows(this.latest.frame, this.latest.page);
    for (const [index, row] of rows.entries()) this.drawRow(index, row);
    for (const { line } of this.lines.splice(rows.length)) line.remove();
  }

  private drawRow(index: number, row: HexRow): void {
    let known = this.lines[index];
    if (!known) {
      known = { line: element('div'), key: '' };
      this.lines.push(known);
      this.body.append(known.line);
    }
    const key = row.runs.map(({ shade, hex }) => shade + hex).join();
    if (known.key === key) return;
    known.key = key;
    const offset = element('span', {
      className: 'dim',
      text: `${row.offset.toString(16).padStart(4, '0')}  `,
    });
    const hex = row.runs.map((run) => element('span', { className: run.shade, text: run.hex }));
    const text = row.runs.map((run) => element('span', { className: run.shade, text: run.text }));
    const note = row.note === '' ? '' : `  ${row.note}`;
    known.line.replaceChildren(
      offset,
      ...hex,
      ' ',
      ...text,
      element('span', { className: 'dim', text: note }),
    );
  }
}
