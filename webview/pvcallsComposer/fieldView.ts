/** One field of a form: its label, its control, what is suggested for it, and what is wrong with it. */
import type { ComposerField } from '../../server/rpc/api';
import { type Option, checkbox, dropdown, element, inputField } from '../kit';
import { setText } from '../rings/texts';
import type { Suggestion } from './draft';
import { noSocketFits } from './words';

export interface FieldActs {
  changed(value: string): void;
  /** It has the focus: what is to be known of it? */
  entered(field: ComposerField): void;
}

type Control = HTMLElement & { value: string };

export class FieldView {
  readonly root = element('div', { className: 'field' });
  private readonly control: Control | ReturnType<typeof checkbox> | undefined;
  private readonly chosen = element('div');
  private readonly suggestions = element('div', { className: 'chips' });
  private readonly problem = element('p', { className: 'problem' });
  private readonly warning = element('p', { className: 'warning' });
  private suggestionKey = '';

  constructor(
    readonly field: ComposerField,
    private readonly acts: FieldActs,
  ) {
    const { label, help, kind, placeholder = '' } = field;
    this.root.title = help;
    this.root.addEventListener('focusin', () => acts.entered(field));
    this.problem.setAttribute('role', 'alert');
    this.suggestions.setAttribute('role', 'group');
    this.suggestions.setAttribute('aria-label', `${label}: what fits`);
    const head = element('span', { className: 'label', text: label });
    // The control says its name itself.
    head.setAttribute('aria-hidden', 'true');
    if (kind === 'flag') {
      this.control = checkbox(label, false, (checked) => acts.changed(checked ? '1' : '0'));
      this.root.append(element('div', { className: 'flag' }, this.control, head));
    } else if (kind === 'choice') {
      this.root.append(head, this.chosen);
    } else {
      this.control = inputField(label, placeholder, (value) => acts.changed(value));
      this.control.setAttribute('aria-description', help);
      this.root.append(head, this.control);
    }
    this.root.append(this.suggestions, this.problem, this.warning);
  }

  /** `value`: what stands in it, typed or suggested. `isThere`: there is a session. */
  show(value: string, suggestions: readonly Suggestion[], isThere: boolean): void {
    const { kind } = this.field;
    if (kind === 'choice') return this.showChoices(value, suggestions);
    if (kind === 'flag') (this.control as ReturnType<typeof checkbox>).checked = value === '1';
    else if ((this.control as Control).value !== value) (this.control as Control).value = value;
    if (this.field.suggests === 'socket') {
      this.control?.setAttribute('placeholder', suggestions.length === 0 ? noSocketFits(isThere) : '');
    }
    // A single suggestion that stands there already need not be offered.
    this.showSuggestions(
      suggestions.length === 1 && suggestions[0]!.value === value ? [] : suggestions,
      value,
    );
  }

  tell(problem: string | undefined, warning: string | undefined): void {
    setText(this.problem, problem ?? '');
    setText(this.warning, warning ?? '');
    this.root.classList.toggle('wrong', problem !== undefined);
    this.control?.setAttribute('aria-invalid', String(problem !== undefined));
  }

  focus(): void {
    (this.control ?? (this.chosen.firstElementChild as HTMLElement | null))?.focus();
  }

  private showChoices(value: string, suggestions: readonly Suggestion[]): void {
    const options: Option[] = [...(this.field.choices ?? []), ...suggestions];
    if (!options.some((option) => option.value === value)) options.push({ value, label: value });
    const shown = this.chosen.firstElementChild as Control | null;
    const key = JSON.stringify(options);
    if (shown && this.chosen.dataset.key === key) {
      if (shown.value !== value) shown.value = value;
      return;
    }
    // Nothing goes under the pointer: what is new waits until the list is closed.
    if (shown?.hasAttribute('open')) return;
    this.chosen.dataset.key = key;
    const { label, help } = this.field;
    const made = dropdown(label, options, value, (chosen) => this.acts.changed(chosen));
    made.setAttribute('aria-description', help);
    const hadFocus = this.chosen.contains(document.activeElement);
    this.chosen.replaceChildren(made);
    if (hadFocus) made.focus();
  }

  private showSuggestions(suggestions: readonly Suggestion[], value: string): void {
    const key = JSON.stringify([suggestions, value]);
    if (this.suggestionKey === key) return;
    this.suggestionKey = key;
    this.suggestions.replaceChildren(
      ...suggestions.map((suggestion) => {
        const chip = element('button', { className: 'chip', text: suggestion.label });
        chip.type = 'button';
        chip.setAttribute('aria-pressed', String(suggestion.value === value));
        chip.addEventListener('click', () => {
          this.acts.changed(suggestion.value);
          this.focus();
        });
        return chip;
      }),
    );
  }
}
