/** The rules in their order: each is a line that can be edited, moved, switched off and removed. */
import type { InterceptRule, InterceptRuleState } from '../../server/rpc/api';
import { button, checkbox, element, iconButton, inputField } from '../kit';
import { setText } from '../rings/texts';
import { hitsText } from './words';

export interface RulesActs {
  changed(rules: readonly InterceptRule[]): void;
  /** What the server says of a line. */
  check(line: string): Promise<{ readonly text: string; readonly isWrong: boolean }>;
  typed(): void;
}

const maxRules = 100;
/** So long after a key the server is asked what it thinks of the line. */
const checkAfterMs = 150;

interface Row {
  readonly root: HTMLElement;
  readonly field: HTMLElement & { value: string };
  readonly text: HTMLElement;
  readonly hits: HTMLElement;
}

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
  private rules: readonly InterceptRule[] = [];
  private rows: Row[] = [];
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
    this.drawAll();
    if (newRule !== '') queueMicrotask(() => this.typing());
  }

  get newRule(): string {
    return this.field.value;
  }

  /** Those that were kept, when the page begins. */
  set(rules: readonly InterceptRule[]): void {
    this.rules = rules;
    this.drawAll();
  }

  /** What the server says of them, where it has the same. */
  show(states: readonly InterceptRuleState[]): void {
    for (const [place, state] of states.entries()) {
      const row = this.rows[place];
      if (!row || this.rules[place]?.line !== state.line) continue;
      setText(row.text, state.text);
      row.text.className = state.isWrong ? 'problem' : 'dim';
      setText(row.hits, hitsText(state.hits));
    }
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
    if (this.rules.length >= maxRules) {
      return this.saySomething(`There can be ${maxRules} rules. Remove one first.`, true);
    }
    this.field.value = '';
    this.typing();
    void this.acts.check(line).then(({ text, isWrong }) => {
      if (!isWrong) return this.change([...this.rules, { line, isEnabled: true }]);
      // It is not lost, unless the next one is being typed already.
      if (this.field.value === '') this.field.value = line;
      this.acts.typed();
      this.saySomething(text, true);
    });
  }

  private change(rules: readonly InterceptRule[], focus?: { place: number; label: string }): void {
    this.rules = rules;
    this.drawAll();
    this.acts.changed(rules);
    if (focus) {
      const row = this.rows[Math.min(focus.place, this.rows.length - 1)];
      row?.root.querySelector<HTMLElement>(`[aria-label^="${focus.label}"]`)?.focus();
    }
  }

  private drawAll(): void {
    this.rows = this.rules.map((rule, place) => this.makeRow(rule, place));
    this.list.replaceChildren(...this.rows.map(({ root }) => root));
    this.empty.hidden = this.rules.length > 0;
    this.list.hidden = this.rules.length === 0;
  }

  private makeRow({ line, isEnabled }: InterceptRule, place: number): Row {
    const isOn = checkbox(`Rule ${place + 1} is on`, isEnabled, (checked) =>
      this.edit(place, { isEnabled: checked }),
    );
    const field = inputField(`Rule ${place + 1}`, line, () => undefined);
    field.value = line;
    field.addEventListener('change', () => this.edit(place, { line: field.value.trim() }));
    const text = element('p', { className: 'dim' });
    const hits = element('span', { className: 'dim hits' });
    const up = iconButton('arrow-up', 'Move up', () => this.move(place, -1));
    const down = iconButton('arrow-down', 'Move down', () => this.move(place, 1));
    const remove = iconButton('trash', 'Remove', () =>
      this.change(
        this.rules.filter((_, at) => at !== place),
        { place, label: 'Remove' },
      ),
    );
    for (const [one, label] of [
      [up, 'Move up'],
      [down, 'Move down'],
      [remove, 'Remove'],
    ] as const) {
      one.setAttribute('aria-label', `${label}: rule ${place + 1}`);
    }
    const head = element('div', { className: 'rule' }, isOn, field, hits, up, down, remove);
    return { root: element('li', {}, head, text), field, text, hits };
  }

  private edit(place: number, change: Partial<InterceptRule>): void {
    const before = this.rules[place];
    if (!before || change.line === before.line) return;
    // An empty line is no rule any more.
    if (change.line === '') return this.change(this.rules.filter((_, at) => at !== place));
    this.change(this.rules.map((rule, at) => (at === place ? { ...rule, ...change } : rule)));
  }

  private move(place: number, by: 1 | -1): void {
    const to = place + by;
    if (to < 0 || to >= this.rules.length) return;
    const rules = [...this.rules];
    [rules[place], rules[to]] = [rules[to]!, rules[place]!];
    this.change(rules, { place: to, label: by < 0 ? 'Move up' : 'Move down' });
  }
}
