/**
 * The only file that knows which component library draws our controls. Every control comes with
 * its label, and reports a person's change through `changed`.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextArea,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

export function registerKit(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeTextArea(),
    vsCodeTextField(),
  );
}

type Valued = HTMLElement & { value: string };
type Checked = HTMLElement & { checked: boolean; disabled: boolean };
type Disabled = HTMLElement & { disabled: boolean };

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { className, text }: { className?: string; text?: string } = {},
  ...children: Node[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== undefined) made.className = className;
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

export function button(label: string, look: 'primary' | 'secondary', pressed: () => void): Disabled {
  const made = document.createElement('vscode-button') as Disabled;
  made.setAttribute('appearance', look);
  made.textContent = label;
  made.addEventListener('click', () => pressed());
  return made;
}

/** A button that is only an icon; the label is its tooltip and what a screen reader says. */
export function iconButton(icon: string, label: string, pressed: () => void): HTMLElement {
  const made = document.createElement('vscode-button');
  made.setAttribute('appearance', 'icon');
  made.setAttribute('aria-label', label);
  made.title = label;
  made.append(element('span', { className: `codicon codicon-${icon}` }));
  made.addEventListener('click', () => pressed());
  return made;
}

/** The library writes a label of its own over ours when the control comes into the page: ours comes after. */
function nameLater(control: HTMLElement, label: string): void {
  control.setAttribute('aria-label', label);
  queueMicrotask(() => control.setAttribute('aria-label', label));
}

export function checkbox(label: string, checked: boolean, changed: (checked: boolean) => void): Checked {
  const made = document.createElement('vscode-checkbox') as Checked;
  nameLater(made, label);
  made.title = label;
  made.checked = checked;
  made.addEventListener('change', () => changed(made.checked));
  return made;
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

export function dropdown(
  label: string,
  options: readonly Option[],
  value: string,
  changed: (value: string) => void,
): Valued {
  const made = document.createElement('vscode-dropdown') as Valued;
  made.setAttribute('aria-label', label);
  for (const option of options) {
    const row = document.createElement('vscode-option') as Valued;
    row.setAttribute('value', option.value);
    row.textContent = option.label;
    if (option.value === value) row.setAttribute('selected', '');
    made.append(row);
  }
  made.addEventListener('change', () => changed(made.value));
  return made;
}

/** Several lines. */
export function textArea(label: string, placeholder: string, changed: (value: string) => void): Valued {
  const made = document.createElement('vscode-text-area') as Valued;
  nameLater(made, label);
  made.setAttribute('placeholder', placeholder);
  made.addEventListener('input', () => changed(made.value));
  return made;
}

/** One line whose every change is told. */
export function inputField(label: string, placeholder: string, changed: (value: string) => void): Valued {
  const made = document.createElement('vscode-text-field') as Valued;
  nameLater(made, label);
  made.setAttribute('placeholder', placeholder);
  made.addEventListener('input', () => changed(made.value));
  return made;
}

export function textField(label: string, placeholder: string, entered: (value: string) => void): Valued {
  const made = document.createElement('vscode-text-field') as Valued;
  nameLater(made, label);
  made.setAttribute('placeholder', placeholder);
  made.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') entered(made.value);
  });
  return made;
}
