/** The sockets of the session: what each is, how full its rings are, and what can be done at it. */
import type { ComposerState } from '../../server/rpc/api';
import { button, element } from '../kit';
import { setText } from '../rings/texts';
import { KeyedRows } from './keyedRows';
import { type ShownSocket, type SocketActs, SocketRow } from './socketRow';
import { levelHover, noSocketsText } from './words';

/** What is beyond is reached by its number in the form. */
const maxSockets = 200;
const heads = [
  { text: 'Socket' },
  { text: 'State' },
  { text: 'In', hover: levelHover('received') },
  { text: 'Out', hover: levelHover('sent') },
  { text: 'Commands', hover: 'Takes the command into the form, with the number of this socket' },
];

interface SocketsActs extends SocketActs {
  showObserved(): void;
}

export class SocketsView {
  readonly root = element('section', { className: 'sockets' });
  private readonly empty = element('p', { className: 'dim' });
  private readonly observedButton: HTMLElement;
  private readonly leftOut = element('p', { className: 'dim' });
  private readonly table = element('table');
  private readonly rows: KeyedRows<ShownSocket>;

  constructor(acts: SocketsActs) {
    this.observedButton = button('Show Its Sockets', 'secondary', () => acts.showObserved());
    const body = element('tbody');
    this.rows = new KeyedRows(body, ({ socket }) => new SocketRow(socket.id, acts));
    const cells = heads.map(({ text, hover = '' }) => {
      const head = element('th', { text });
      head.scope = 'col';
      if (hover !== '') head.title = hover;
      return head;
    });
    this.table.append(element('thead', {}, element('tr', {}, ...cells)), body);
    this.table.setAttribute('aria-label', 'Sockets');
    const scroll = element('div', { className: 'scroll' }, this.table);
    scroll.tabIndex = 0;
    scroll.setAttribute('role', 'region');
    scroll.setAttribute('aria-label', 'Sockets');
    this.root.append(
      element('h2', { text: 'Sockets' }),
      this.empty,
      this.observedButton,
      scroll,
      this.leftOut,
    );
  }

  /** `shownId`: whose console is shown; no state: there is no session. */
  show(state: ComposerState | undefined, shownId: string | undefined): void {
    const sockets = state?.sockets ?? [];
    setText(this.empty, noSocketsText(state?.kind));
    this.empty.hidden = sockets.length > 0;
    this.observedButton.hidden = state?.kind !== 'foreign';
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
