/** The rules in their order: each is a line that can be edited, moved, switched off and removed. */
import type { InterceptRule, InterceptRuleState } from '../../server/rpc/api';
import { button, element, inputField } from '../kit';
import { setText } from '../rings/texts';
import { RuleRow } from './ruleRow';

export interface RulesActs {
  changed(rules: readonly InterceptRule[]): void;
  /** What the server says of a line. */
  check(line: string): Promise<{ readonly text: string; readonly isWrong: boolean }>;
  typed(): void;
}

const maxRules = 100;
/** So long after a key the server is asked what it thinks of the line. */
const checkAfterMs = 150;

export class RulesView {
  readonly root = element('section', { className: 'rules' });
  private readonly list = element('ol');
  private readonly empty = element('p', {
    className: 'dim empty',
    text: 'There are no rules. One line each: which calls, then what becomes of them.',
  });
  private readonly field;
  private readonly add;
  private readonly said = element('p', { className: 'dim said' });
  private rows: RuleRow[] = [];
  private typingTimer: number | undefined;

  constructor(
    newRule: string,
    private readonly acts: RulesActs,
  ) {
    this.list.setAttribute('aria-label', 'Rules');
    this.field = inputField('New rule', 'connect port 443 → ECONNREFUSED', () => this.typing());
    this.field.value = newRule;
    this.field.addEventListener('keydown', ({ key }) => key === 'Enter' && this.addRule());
    this.add = button('Add Rule', 'secondary', () => this.addRule());
    this.said.setAttribute('role', 'status');
    const examples = element('p', {
      className: 'dim',
      text: 'Other rules: accept after 2 s · connect 10.0.0.0/8 → ETIMEDOUT 3 times · poll domain 5 → never · connect → success · bind → hold',
    });
    const line = element('div', { className: 'new' }, this.field, this.add);
    this.root.append(element('h2', { text: 'Rules' }), this.list, this.empty, line, this.said, examples);
    this.place([]);
    if (newRule !== '') queueMicrotask(() => this.typing());
  }

  get newRule(): string {
    return this.field.value;
  }

  /** Those that were kept, when the page begins. */
  set(rules: readonly InterceptRule[]): void {
    this.place(rules.map((rule) => this.make(rule)));
  }

  /** What the server says of them, where it has the same. */
  show(states: readonly InterceptRuleState[]): void {
    for (const [place, state] of states.entries()) this.rows[place]?.show(state);
  }

  /** Goes on with this line as the new rule. */
  begin(line: string): void {
    this.field.value = line;
    this.typing();
    this.field.focus();
    this.field.scrollIntoView({ block: 'nearest' });
  }

  private typing(): void {
    this.acts.typed();
    clearTimeout(this.typingTimer);
    const line = this.field.value;
    if (line.trim() === '') return this.saySomething('', false);
    this.typingTimer = window.setTimeout(() => {
      void this.acts.check(line).then(({ text, isWrong }) => {
        // Something else is typed by now.
        if (this.field.value === line) this.saySomething(text, isWrong);
      });
    }, checkAfterMs);
  }

  private saySomething(text: string, isWrong: boolean): void {
    setText(this.said, text);
    this.said.className = isWrong ? 'problem said' : 'dim said';
  }

  private addRule(): void {
    const line = this.field.value.trim();
    if (line === '') return;
    if (this.rows.length >= maxRules) {
      return this.saySomething(`There can be ${maxRules} rules. Remove one first.`, true);
    }
    this.field.value = '';
    this.typing();
    void this.acts.check(line).then(({ text, isWrong }) => {
      if (!isWrong) {
        this.place([...this.rows, this.make({ line, isEnabled: true })]);
        return this.tell();
      }
      // It is not lost, unless the next one is being typed already.
      if (this.field.value === '') this.field.value = line;
      this.acts.typed();
      this.saySomething(text, true);
    });
  }

  private make(rule: InterceptRule): RuleRow {
    return new RuleRow(rule, {
      edited: (row, change) => this.edit(row, change),
      moved: (row, by) => this.move(row, by),
      removed: (row) => {
        const place = this.rows.indexOf(row);
        this.remove(row);
        // For whoever removes one after the other by keys.
        (this.rows[place] ?? this.rows.at(-1))?.focus('remove');
      },
    });
  }

  private edit(row: RuleRow, change: Partial<InterceptRule>): void {
    if (change.line === row.rule.line) return;
    // An empty line is no rule any more.
    if (change.line === '') return this.remove(row);
    row.take({ ...row.rule, ...change });
    this.tell();
  }

  private remove(row: RuleRow): void {
    this.place(this.rows.filter((one) => one !== row));
    this.tell();
  }

  private move(row: RuleRow, by: 1 | -1): void {
    const from = this.rows.indexOf(row);
    const to = from + by;
    if (to < 0 || to >= this.rows.length) return;
    const rows = [...this.rows];
    [rows[from], rows[to]] = [rows[to]!, row];
    this.place(rows);
    this.tell();
    row.focus(by < 0 ? 'up' : 'down');
  }

  private tell(): void {
    this.acts.changed(this.rows.map(({ rule }) => rule));
  }

  /** In this order. Only what is not at its place is moved: the others keep the focus. */
  private place(rows: RuleRow[]): void {
    for (const row of this.rows) if (!rows.includes(row)) row.root.remove();
    this.rows = rows;
    for (const [place, row] of rows.entries()) {
      const at = this.list.children[place];
      if (at !== row.root) this.list.insertBefore(row.root, at ?? null);
      row.setPlace(place);
    }
    this.empty.hidden = rows.length > 0;
    this.list.hidden = rows.length === 0;
  }
}
