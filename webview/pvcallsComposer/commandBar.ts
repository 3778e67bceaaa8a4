/** The seven commands and the raw slot, of which one is chosen: by a click, or with the arrows. */
import type { ComposerForm } from '../../server/rpc/api';
import { element } from '../kit';
import type { FormChoice } from './draft';
import { rawHelp } from './words';

export class CommandBar {
  readonly root = element('div', { className: 'commands' });
  private readonly buttons = new Map<FormChoice, HTMLButtonElement>();

  constructor(private readonly chosen: (choice: FormChoice) => void) {
    this.root.setAttribute('role', 'radiogroup');
    this.root.setAttribute('aria-label', 'Command');
    this.root.addEventListener('keydown', (event) => this.onKey(event));
  }

  setForms(forms: readonly ComposerForm[]): void {
    this.buttons.clear();
    for (const { command, title, help } of forms) this.add(command, title, help);
    this.add('raw', 'Raw', rawHelp);
    this.root.replaceChildren(...this.buttons.values());
  }

  show(choice: FormChoice): void {
    for (const [name, button] of this.buttons) {
      button.setAttribute('aria-checked', String(name === choice));
      button.tabIndex = name === choice ? 0 : -1;
    }
  }

  private add(choice: FormChoice, title: string, help: string): void {
    const button = element('button', { className: 'command', text: title });
    button.type = 'button';
    button.title = help;
    button.setAttribute('role', 'radio');
    button.addEventListener('click', () => this.chosen(choice));
    this.buttons.set(choice, button);
  }

  private onKey(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    const names = [...this.buttons.keys()];
    const at = names.findIndex((name) => this.buttons.get(name) === document.activeElement);
    const next = names[(at + by + names.length) % names.length]!;
    this.chosen(next);
    this.buttons.get(next)?.focus();
  }
}
