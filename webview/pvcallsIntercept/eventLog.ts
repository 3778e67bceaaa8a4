/** What guests asked and were answered while it is on: all of it, or what became of one device or socket. */
import type { HeldCall, InterceptEvent } from '../../server/rpc/api';
import { button, dropdown, element } from '../kit';
import { setText } from '../rings/texts';
import { clockText, eventText } from './words';

/** Older lines are forgotten. */
const maxLines = 500;

/** A call or an answer; or a sentence between them. */
interface Line {
  readonly event?: InterceptEvent;
  readonly note?: string;
}

type Filter = 'all' | 'device' | 'socket';

export class EventLog {
  readonly root = element('section', { className: 'log events' });
  private readonly scroll = element('div', { className: 'scroll' });
  private readonly list = element('ol');
  private readonly about = element('p', { className: 'dim' });
  /** Stands alone in the list where there is nothing to show. */
  private readonly none = element('li', { className: 'note' });
  private events: Line[] = [];
  private filter: Filter = 'all';
  /** Whose guest or socket is shown where not all are. */
  private subject: Pick<HeldCall, 'device' | 'socket' | 'domid'> | undefined;
  /** Of the call that is chosen now. */
  private chosen: HeldCall | undefined;
  private nameOf: (domid: number) => string = String;
  private isOn = false;

  constructor() {
    this.list.setAttribute('role', 'log');
    // What is held and how it ends is spoken by the verdict: not each call of a busy guest.
    this.list.setAttribute('aria-live', 'off');
    this.list.setAttribute('aria-label', 'What happened');
    this.scroll.tabIndex = 0;
    this.scroll.append(this.list);
    const choice = dropdown(
      'Which calls are shown',
      [
        { value: 'all', label: 'All guests' },
        { value: 'device', label: 'Guest of the chosen call' },
        { value: 'socket', label: 'Socket of the chosen call' },
      ],
      'all',
      (value) => {
        this.filter = value as Filter;
        this.subject = this.chosen ?? this.subject;
        this.drawAll();
      },
    );
    const clear = button('Clear', 'secondary', () => {
      this.events = [];
      this.drawAll();
    });
    const head = element('div', { className: 'buttons' }, choice, clear, this.about);
    this.root.append(element('h2', { text: 'What Happened' }), head, this.scroll);
    this.drawAll();
  }

  /**
   * The call that is chosen. Whoever is shown alone stays when that one is decided and another guest's takes its place,
   * until a person chooses another: what the guest does next is what they want to see.
   */
  follow(call: HeldCall | undefined, isByPerson = false): void {
    this.chosen = call;
    if (!call || (call.device === this.subject?.device && call.socket === this.subject.socket)) return;
    if (this.filter !== 'all' && this.subject && !isByPerson) return;
    this.subject = call;
    if (this.filter !== 'all') this.drawAll();
  }

  /** Whether anything is written down now. */
  setOn(isOn: boolean): void {
    if (isOn === this.isOn) return;
    this.isOn = isOn;
    if (this.none.isConnected) setText(this.none, this.noneText());
  }

  add(events: readonly InterceptEvent[], leftOut: number, nameOf: (domid: number) => string): void {
    this.nameOf = nameOf;
    if (events.length === 0) return;
    const isAtEnd = this.scroll.scrollTop + this.scroll.clientHeight >= this.scroll.scrollHeight - 4;
    const lines: Line[] = [
      ...(leftOut > 0 ? [{ note: `${leftOut} more happened before.` }] : []),
      ...events.map((event) => ({ event })),
    ];
    this.events = [...this.events, ...lines].slice(-maxLines);
    const shown = lines.filter((line) => this.isShown(line));
    if (shown.length > 0) this.none.remove();
    this.list.append(...shown.map((line) => this.rowOf(line)));
    while (this.list.childElementCount > maxLines) this.list.firstElementChild!.remove();
    if (isAtEnd) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  /** Another backend is in the place of the one before. */
  begin(): void {
    this.events = [];
    this.drawAll();
  }

  private drawAll(): void {
    const rows = this.events.filter((line) => this.isShown(line)).map((line) => this.rowOf(line));
    this.list.replaceChildren(...rows);
    const { subject } = this;
    const whose =
      this.filter === 'all' || !subject
        ? ''
        : `${this.nameOf(subject.domid)}${this.filter === 'socket' ? `, socket ${subject.socket}` : ''}`;
    setText(this.about, whose);
    if (rows.length === 0) {
      setText(this.none, this.noneText());
      this.list.append(this.none);
    }
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  private noneText(): string {
    if (!this.isOn) return 'Nothing is written down while it is off.';
    return this.filter === 'all' ? 'No guest has asked anything yet.' : 'Nothing of it happened yet.';
  }

  private isShown({ event }: Line): boolean {
    if (!event || this.filter === 'all') return true;
    const { subject } = this;
    if (!subject) return false;
    return event.device === subject.device && (this.filter === 'device' || event.socket === subject.socket);
  }

  private rowOf({ event, note }: Line): HTMLElement {
    if (!event) return element('li', { className: 'note', text: note ?? '' });
    const isWrong = event.kind === 'answered' && (event.ret ?? 0) < 0;
    const row = element('li', { className: isWrong ? `${event.kind} wrong` : event.kind });
    const arrow = { asked: 'arrow-right', answered: 'arrow-left', note: 'info' }[event.kind];
    const icon = element('span', { className: `codicon codicon-${arrow}` });
    icon.setAttribute('aria-hidden', 'true');
    row.append(
      icon,
      element('span', { className: 'who dim', text: this.nameOf(event.domid) }),
      element('span', { className: 'what', text: eventText(event) }),
      element('span', { className: 'time', text: clockText(event.atMs) }),
    );
    return row;
  }
}
