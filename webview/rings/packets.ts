/** The decoded packets of one direction, or the lines of a console: those that wait, and those that were just read. */
import type { RingPacket } from '../../server/rpc/api';
import { element } from '../kit';
import { grouped, hex32 } from './numbers';
import { RowList } from './rowList';
import type { ShownAs } from './words';

const maxRows = 40;

/** A console carries text and nothing else: a line has no header to tell of. */
const columns: Readonly<Record<ShownAs, readonly string[]>> = {
  xenstore: ['Type', 'Request', 'Bytes', 'Contents'],
  console: ['Bytes', 'Text'],
  ninep: ['Type', 'Tag', 'Bytes', 'Contents'],
  unseen: ['Bytes', 'Contents'],
};

export class PacketTable {
  readonly root: HTMLElement;
  private readonly list: RowList;

  constructor(
    private readonly kind: ShownAs,
    title: string,
    emptyText: string,
  ) {
    this.list = new RowList({ title, columns: columns[kind], className: 'packets', emptyText });
    this.root = this.list.root;
  }

  /** `unreadable`: why the indices do not say where packets are. */
  show(packets: readonly RingPacket[], unreadable: string | undefined): void {
    const shown = packets.slice(0, maxRows);
    this.list.show(
      shown,
      packets.length - shown.length,
      (packet) => packetRow(this.kind, packet),
      unreadable,
    );
  }
}

function packetRow(kind: ShownAs, packet: RingPacket): HTMLElement {
  const { text, doubtful, index } = packet;
  const row = element('tr', { className: doubtful ? 'doubtful' : '' });
  if (kind === 'xenstore' || kind === 'ninep') {
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
