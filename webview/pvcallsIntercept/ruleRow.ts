/** One rule of the list. Its row stays the same element while the rule is there: none goes under a finger or the focus. */
import type { InterceptRule, InterceptRuleState } from '../../server/rpc/api';
import { checkbox, element, iconButton, inputField } from '../kit';
import { setText } from '../rings/texts';
import { hitsText } from './words';

export interface RuleRowActs {
  edited(row: RuleRow, change: Partial<InterceptRule>): void;
  moved(row: RuleRow, by: 1 | -1): void;
  removed(row: RuleRow): void;
}

export type RuleButton = 'up' | 'down' | 'remove';

export class RuleRow {
  readonly root: HTMLElement;
  private readonly isOn;
  private readonly field;
  private readonly buttons: Readonly<Record<RuleButton, HTMLElement>>;
  private readonly text = element('p', { className: 'dim' });
  private readonly hits = element('span', { className: 'dim hits' });

  constructor(
    public rule: InterceptRule,
    acts: RuleRowActs,
  ) {
    this.isOn = checkbox('Rule', rule.isEnabled, (isEnabled) => acts.edited(this, { isEnabled }));
    this.field = inputField('Rule', rule.line, () => undefined);
    this.field.value = rule.line;
    this.field.addEventListener('change', () => acts.edited(this, { line: this.field.value.trim() }));
    this.buttons = {
      up: iconButton('arrow-up', 'Move up', () => acts.moved(this, -1)),
      down: iconButton('arrow-down', 'Move down', () => acts.moved(this, 1)),
      remove: iconButton('trash', 'Remove', () => acts.removed(this)),
    };
    const { up, down, remove } = this.buttons;
    const head = element('div', { className: 'rule' }, this.isOn, this.field, this.hits, up, down, remove);
    this.root = element('li', {}, head, this.text);
  }

  /** `place`: from 0. */
  setPlace(place: number): void {
    const rule = `rule ${place + 1}`;
    this.isOn.title = `Rule ${place + 1} is on`;
    for (const [control, label] of [
      [this.isOn, this.isOn.title],
      [this.field, `Rule ${place + 1}`],
      [this.buttons.up, `Move up: ${rule}`],
      [this.buttons.down, `Move down: ${rule}`],
      [this.buttons.remove, `Remove: ${rule}`],
    ] as const) {
      control.setAttribute('aria-label', label);
      // The library writes a label of its own when the control comes into the page.
      queueMicrotask(() => control.setAttribute('aria-label', label));
    }
  }

  /** What the server says of it, where it has the same. */
  show(state: InterceptRuleState): void {
    if (this.rule.line !== state.line) return;
    this.root.classList.remove('stale');
    setText(this.text, state.text);
    this.text.className = state.isWrong ? 'problem' : 'dim';
    setText(this.hits, hitsText(state.hits));
  }

  /** What was said of the line before is not about this one. It keeps its place: nothing jumps from under the pointer. */
  take(rule: InterceptRule): void {
    if (rule.line !== this.rule.line) this.root.classList.add('stale');
    this.rule = rule;
  }

  focus(button: RuleButton): void {
    this.buttons[button].focus();
  }
}
