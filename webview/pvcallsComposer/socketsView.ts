/** The sockets of the session: what each is, how full its rings are, and what can be done at it. */
import type { ComposerSocket } from '../../server/rpc/api';
import { element } from '../kit';
import { KeyedRows } from './keyedRows';
import { type ShownSocket, type SocketActs, SocketRow } from './socketRow';

/** What is beyond is reached by its number in the form. */
const maxSockets = 200;

export class SocketsView {
  readonly root = element('section', { className: 'sockets' });
  private readonly empty = element('p', {
    className: 'dim',
    text: 'No socket yet: SOCKET makes one, CONNECT and ACCEPT give it data rings and a console.',
  });
  private readonly leftOut = element('p', { className: 'dim' });
  private readonly table = element('table');
  private readonly rows: KeyedRows<ShownSocket>;

  constructor(acts: SocketActs) {
    const body = element('tbody');
    this.rows = new KeyedRows(body, ({ socket }) => new SocketRow(socket.id, acts));
    const heads = ['Socket', 'State', 'in', 'out', 'Send to it'].map((text) => {
      const head = element('th', { text });
      head.scope = 'col';
      return head;
    });
    this.table.append(element('thead', {}, element('tr', {}, ...heads)), body);
    this.table.setAttribute('aria-label', 'Sockets');
    const scroll = element('div', { className: 'scroll' }, this.table);
    scroll.tabIndex = 0;
    scroll.setAttribute('role', 'region');
    scroll.setAttribute('aria-label', 'Sockets');
    this.root.append(element('h2', { text: 'Sockets' }), this.empty, scroll, this.leftOut);
  }

  /** `shownId`: whose console is shown. */
  show(sockets: readonly ComposerSocket[], shownId: string | undefined): void {
    this.empty.hidden = sockets.length > 0;
    this.table.hidden = sockets.length === 0;
    const over = sockets.length - maxSockets;
    this.leftOut.textContent = over > 0 ? `${over} further sockets are not listed.` : '';
    this.rows.show(
      sockets
        .slice(-maxSockets)
        .map((socket) => ({ key: socket.id, value: { socket, isShown: socket.id === shownId } })),
    );
  }
}
