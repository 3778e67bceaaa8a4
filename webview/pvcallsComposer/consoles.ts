/** The consoles of the sockets that are, or were, connected in this session; one of them is shown. */
import type { ComposerNews, ComposerSocket } from '../../server/rpc/api';
import type { Draft } from '../console/composer';
import { element } from '../kit';
import { fromBase64 } from '../page';
import { setText } from '../rings/texts';
import type { AtSocket } from './messages';
import { SocketConsole } from './socketConsole';
import { noConsoleText } from './words';

export interface ConsolesActs {
  act(id: string, act: AtSocket): void;
  showRing(ring: string): void;
  /** What was typed, by the numbers of the sockets. */
  changed(drafts: Readonly<Record<string, Draft>>): void;
}

/** Of released sockets the oldest are forgotten; one that is connected and beyond is only listed. */
const maxConsoles = 64;

export class Consoles {
  readonly root = element('div', { className: 'consoles' });
  /** The socket whose console is shown. */
  shownId: string | undefined;
  private readonly byId = new Map<string, SocketConsole>();
  private readonly beyond = element('p', { className: 'dim' });

  constructor(
    private readonly acts: ConsolesActs,
    private drafts: Readonly<Record<string, Draft>>,
  ) {
    this.root.append(this.beyond);
    this.draw();
  }

  of(id: string): SocketConsole | undefined {
    return this.byId.get(id);
  }

  /** Another session: its sockets are others. */
  begin(): void {
    for (const { root } of this.byId.values()) root.remove();
    this.byId.clear();
    this.shownId = undefined;
    this.draw();
  }

  take(sockets: readonly ComposerSocket[], received: ComposerNews['received'], timeMs: number): void {
    const connected = new Map(
      sockets.flatMap((socket) => (socket.stream ? [[socket.id, socket] as const] : [])),
    );
    // What came stands in the log before what became of the socket then.
    const takeReceived = (id: string) => {
      for (const news of received) {
        if (news.id === id) this.open(id)?.takeReceived(fromBase64(news.bytes), news.leftOutBytes, timeMs);
      }
    };
    let without = 0;
    for (const socket of connected.values()) {
      const one = this.open(socket.id);
      if (one) takeReceived(socket.id);
      else without++;
      one?.show(socket, timeMs);
    }
    setText(this.beyond, without === 0 ? '' : noConsoleText(without));
    for (const id of new Set(received.map((news) => news.id))) if (!connected.has(id)) takeReceived(id);
    for (const one of this.byId.values()) if (!connected.has(one.id)) one.show(undefined, timeMs);
  }

  choose(id: string): void {
    const one = this.open(id);
    if (!one) return;
    this.shownId = id;
    this.draw();
    one.focus();
  }

  /** The session is over, and all sockets with it. */
  end(text: string, timeMs: number): void {
    for (const one of this.byId.values()) one.end(text, timeMs);
  }

  tick(timeMs: number): void {
    for (const one of this.byId.values()) one.tick(timeMs);
  }

  /** What the one that is shown has to say, once. */
  takeUnspoken(): string {
    const one = this.shownId === undefined ? undefined : this.byId.get(this.shownId);
    const text = one?.unspoken ?? '';
    if (one) one.unspoken = '';
    return text;
  }

  private open(id: string): SocketConsole | undefined {
    const known = this.byId.get(id);
    if (known) return known;
    if (this.byId.size >= maxConsoles && !this.forgetOne()) return undefined;
    const acts = {
      act: this.acts.act,
      showRing: this.acts.showRing,
      hide: () => {
        this.shownId = undefined;
        this.draw();
      },
      changed: (of: string, draft: Draft) => this.keepDraft(of, draft),
    };
    const made = new SocketConsole(id, acts, this.drafts[id]);
    this.byId.set(id, made);
    // At once, hidden or not: controls get the names that a screen reader says when they come into the page.
    this.root.append(made.root);
    // It is what a person waits for, unless they talk to another one.
    const shown = this.shownId === undefined ? undefined : this.byId.get(this.shownId);
    if (!shown || shown.isOver) this.shownId = id;
    this.draw();
    return made;
  }

  private forgetOne(): boolean {
    const gone = [...this.byId.values()].find((one) => one.isOver && one.id !== this.shownId);
    gone?.root.remove();
    return gone !== undefined && this.byId.delete(gone.id);
  }

  private keepDraft(id: string, draft: Draft): void {
    const others = Object.entries(this.drafts).filter(([name]) => name !== id);
    const kept = draft.text === '' ? others : [...others, [id, draft] as const];
    this.drafts = Object.fromEntries(kept.slice(-maxConsoles));
    this.acts.changed(this.drafts);
  }

  private draw(): void {
    for (const { id, root } of this.byId.values()) root.hidden = id !== this.shownId;
    this.root.hidden = this.shownId === undefined;
  }
}
