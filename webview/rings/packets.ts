/** The decoded packets of one direction, or the lines of a console: those that wait, and those that were just read. */
import type { RingKind, RingPacket } from '../../server/rpc/api';
import { element } from '../kit';
import { grouped, hex32 } from './numbers';
import { setText } from './texts';

const maxRows = 40;

/** A console carries text and nothing else: a line has no header to tell of. */
const columns: Readonly<Record<RingKind, readonly string[]>> = {
  xenstore: ['Type', 'Request', 'Bytes', 'Contents'],
  console: ['Bytes', 'Text'],
  vchan: ['Bytes', 'Contents'],
  device: ['Bytes', 'Contents'],
};

export class PacketTable {
  readonly root: HTMLElement;
  private readonly rows = element('tbody');
  private readonly empty: HTMLElement;
  private readonly scroller: HTMLElement;
  private drawn = '';

  constructor(
    private readonly kind: RingKind,
    title: string,
    private readonly emptyText: string,
  ) {
    const head = element('tr');
    for (const name of columns[kind]) {
      const cell = element('th', { text: name });
      cell.scope = 'col';
      head.append(cell);
    }
    const table = element('table', { className: 'packets' }, element('thead', {}, head), this.rows);
    table.setAttribute('aria-label', title);
    this.empty = element('p', { className: 'dim', text: emptyText });
    this.scroller = element('div', { className: 'scroll' }, table);
    // So that the arrow keys scroll it.
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute('role', 'region');
    this.scroller.setAttribute('aria-label', title);
    this.root = element('section', {}, element('h3', { text: title }), this.empty, this.scroller);
  }

  /** `unreadable`: why the indices do not say where packets are. */
  show(packets: readonly RingPacket[], unreadable: string | undefined): void {
    setText(this.empty, unreadable ?? this.emptyText);
    const drawn = JSON.stringify(packets);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.empty.hidden = packets.length > 0;
    this.scroller.hidden = packets.length === 0;
    const rows = packets.slice(0, maxRows).map((packet) => packetRow(this.kind, packet));
    if (packets.length > maxRows) rows.push(moreRow(packets.length - maxRows, columns[this.kind].length));
    this.rows.replaceChildren(...rows);
  }
}

function packetRow(kind: RingKind, packet: RingPacket): HTMLElement {
  const { text, doubtful, index } = packet;
  const row = element('tr', { className: doubtful ? 'doubtful' : '' });
  if (kind === 'xenstore') {
    row.append(element('td', { className: 'type', text: packet.type }));
    row.append(element('td', { className: 'number', text: requestText(packet) }));
  }
  row.append(element('td', { className: 'number', text: bytesText(packet) }));
  const content = element('td', { className: 'content', text });
  content.title = doubtful
    ? `${text}\n\nIts beginning was not seen, or it may have been overwritten while it was read.`
    : text;
  if (doubtful) content.append(element('span', { className: 'dim', text: ' (doubtful)' }));
  row.append(content);
  row.title = `from index ${hex32(index)}`;
  return row;
}

/** Where the beginning was not seen there is no header to tell it. */
function requestText({ type, reqId, txId }: RingPacket): string {
  if (type === '?') return '–';
  return txId === 0 ? String(reqId) : `${reqId} in tx ${txId}`;
}

function bytesText({ bytes, wholeBytes }: RingPacket): string {
  if (wholeBytes === undefined || wholeBytes === bytes) return grouped(bytes);
  return `${grouped(bytes)} of ${grouped(wholeBytes)}`;
}

function moreRow(count: number, width: number): HTMLElement {
  const cell = element('td', { className: 'dim', text: `… and ${grouped(count)} more` });
  cell.colSpan = width;
  return element('tr', {}, cell);
}
