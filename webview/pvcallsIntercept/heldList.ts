/** The calls that are held, oldest first: one of them is chosen, and what becomes of it is said beside. */
import type { HeldCall } from '../../server/rpc/api';
import { element } from '../kit';
import { KeyedRows } from '../pvcallsComposer/keyedRows';
import { setText } from '../rings/texts';
import { heldText } from './words';

interface Shown {
  readonly call: HeldCall;
  readonly line: string;
  readonly isChosen: boolean;
}

export class HeldList {
  readonly root = element('div', { className: 'held' });
  private readonly list = element('ul', { className: 'calls' });
  private readonly empty = element('p', { className: 'dim empty' });
  private readonly rows: KeyedRows<Shown>;
  private calls: readonly HeldCall[] = [];
  private chosenNumber: number | undefined;

  constructor(private readonly choose: () => void) {
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-label', 'Held calls');
    this.list.tabIndex = 0;
    this.list.addEventListener('keydown', (event) => this.onKey(event));
    this.rows = new KeyedRows(this.list, ({ call }) => this.makeRow(call));
    this.root.append(this.list, this.empty);
  }

  get chosen(): HeldCall | undefined {
    return this.calls.find(({ number }) => number === this.chosenNumber);
  }

  /** `none`: what is said where no call is held. */
  show(calls: readonly HeldCall[], nowMs: number, nameOf: (domid: number) => string, none: string): void {
    const before = this.calls.findIndex(({ number }) => number === this.chosenNumber);
    this.calls = calls;
    // Where the chosen one is gone, the one in its place is the next to decide about.
    if (!this.chosen) this.chosenNumber = calls[Math.min(Math.max(before, 0), calls.length - 1)]?.number;
    this.rows.show(
      calls.map((call) => ({
        key: String(call.number),
        value: { call, line: heldText(call, nowMs, nameOf), isChosen: call.number === this.chosenNumber },
      })),
    );
    this.list.hidden = calls.length === 0;
    this.empty.hidden = calls.length > 0;
    setText(this.empty, none);
    if (this.chosenNumber === undefined) this.list.removeAttribute('aria-activedescendant');
    else this.list.setAttribute('aria-activedescendant', idOf(this.chosenNumber));
  }

  private makeRow({ number }: HeldCall) {
    const text = element('div', { className: 'text' });
    const line = element('div', { className: 'dim' });
    const root = element('li', {}, text, line);
    root.id = idOf(number);
    root.setAttribute('role', 'option');
    root.addEventListener('click', () => this.pick(number));
    return {
      root,
      show: ({ call, line: said, isChosen }: Shown) => {
        setText(text, call.text);
        setText(line, said);
        root.className = call.state;
        root.classList.toggle('chosen', isChosen);
        root.setAttribute('aria-selected', String(isChosen));
      },
    };
  }

  private onKey(event: KeyboardEvent): void {
    const at = this.calls.findIndex(({ number }) => number === this.chosenNumber);
    const last = this.calls.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.pick(this.calls[Math.min(Math.max(to, 0), last)]!.number);
    this.list.querySelector('.chosen')?.scrollIntoView({ block: 'nearest' });
  }

  private pick(number: number): void {
    this.chosenNumber = number;
    this.choose();
  }
}

function idOf(number: number): string {
  return `call-${number}`;
}
