/** The calls that are held, oldest first: one of them is chosen, and what becomes of it is said beside. */
import type { HeldCall } from '../../server/rpc/api';
import { element } from '../kit';
import { KeyedRows } from '../pvcallsComposer/keyedRows';
import { setText } from '../rings/texts';
import { callKey, heldText } from './words';

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
  private chosenKey: string | undefined;

  constructor(private readonly choose: () => void) {
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-label', 'Held calls');
    this.list.tabIndex = 0;
    this.list.addEventListener('keydown', (event) => this.onKey(event));
    this.rows = new KeyedRows(this.list, ({ call }) => this.makeRow(call));
    this.root.append(this.list, this.empty);
  }

  get chosen(): HeldCall | undefined {
    return this.calls.find((call) => callKey(call) === this.chosenKey);
  }

  /** `none`: what is said where no call is held. */
  show(calls: readonly HeldCall[], nowMs: number, nameOf: (domid: number) => string, none: string): void {
    const before = this.placeOfChosen();
    this.calls = calls;
    // Where the chosen one is gone, the one in its place is the next to decide about.
    if (!this.chosen) {
      const next = calls[Math.min(Math.max(before, 0), calls.length - 1)];
      this.chosenKey = next && callKey(next);
    }
    const { chosen } = this;
    this.rows.show(
      calls.map((call) => ({
        key: callKey(call),
        value: { call, line: heldText(call, nowMs, nameOf), isChosen: call === chosen },
      })),
    );
    this.list.hidden = calls.length === 0;
    this.empty.hidden = calls.length > 0;
    setText(this.empty, none);
    if (!chosen) this.list.removeAttribute('aria-activedescendant');
    else this.list.setAttribute('aria-activedescendant', idOf(chosen));
  }

  private makeRow(made: HeldCall) {
    const text = element('div', { className: 'text' });
    const line = element('div', { className: 'dim' });
    const root = element('li', {}, text, line);
    root.id = idOf(made);
    root.setAttribute('role', 'option');
    root.addEventListener('click', () => this.pick(made));
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
    const at = this.placeOfChosen();
    const last = this.calls.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.pick(this.calls[Math.min(Math.max(to, 0), last)]!);
    this.list.querySelector('.chosen')?.scrollIntoView({ block: 'nearest' });
  }

  private pick(call: HeldCall): void {
    this.chosenKey = callKey(call);
    this.choose();
  }

  private placeOfChosen(): number {
    return this.calls.findIndex((call) => callKey(call) === this.chosenKey);
  }
}

function idOf({ number }: HeldCall): string {
  return `call-${number}`;
}
