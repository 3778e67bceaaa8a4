/** What the pages of rings, vchans and devices have in common. */
import { button, element } from './kit';

export type Severity = 'fine' | 'note' | 'warning' | 'error';

const severityIcons: Readonly<Record<Severity, string>> = {
  fine: 'pass',
  note: 'info',
  warning: 'warning',
  error: 'error',
};

/** The sign before a verdict; the words beside it say the same. */
export function severityIcon(severity: Severity): HTMLElement {
  const icon = element('span', { className: `codicon codicon-${severityIcons[severity]}` });
  icon.setAttribute('aria-hidden', 'true');
  return icon;
}

export function toolbar(label: string, ...parts: HTMLElement[]): HTMLElement {
  const made = element('div', { className: 'toolbar' }, ...parts);
  made.setAttribute('role', 'toolbar');
  made.setAttribute('aria-label', label);
  return made;
}

/** “What Am I Looking At?”: a button, and the sentences that it shows. Escape hides them. */
export class Help {
  readonly root = element('section', { className: 'help' });
  readonly button = button('What Am I Looking At?', 'secondary', () => this.toggle());

  constructor() {
    this.root.hidden = true;
    this.button.setAttribute('aria-expanded', 'false');
    document.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape' && !this.root.hidden) this.toggle();
    });
  }

  fill(lines: readonly string[]): void {
    this.root.replaceChildren(...lines.map((text) => element('p', { text })));
    this.button.title = lines.join('\n\n');
  }

  private toggle(): void {
    this.root.hidden = !this.root.hidden;
    this.button.setAttribute('aria-expanded', String(!this.root.hidden));
  }
}

/** A screen reader hears of what changed, and not more often than this. */
const politeIntervalMs = 4_000;

export class PoliteVoice {
  readonly root = element('p', { className: 'spoken' });
  private spokenMs = -Infinity;

  constructor() {
    this.root.setAttribute('role', 'status');
    this.root.setAttribute('aria-live', 'polite');
  }

  /** Whether it was spoken: not when something was a moment ago, or when it is what was said last. */
  say(text: string, nowMs: number): boolean {
    if (text === this.root.textContent || nowMs - this.spokenMs < politeIntervalMs) return false;
    this.root.textContent = text;
    this.spokenMs = nowMs;
    return true;
  }
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** In pieces: all at once would be too many arguments. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}
