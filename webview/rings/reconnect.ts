/** The reconnect on the page: what it would do, the question, the handshake step by step, the end. */
import type { ReconnectPreview, ReconnectReport, ReconnectStep } from '../../server/rpc/api';
import { button, element } from '../kit';
import { elapsedText } from './numbers';

export interface ReconnectActs {
  ask(): void;
  /** `forced`: although it was refused. */
  go(forced: boolean): void;
  /** A handshake began, or came to its end. */
  running(isRunning: boolean): void;
}

export class ReconnectView {
  readonly root = element('section', { className: 'reconnect' });
  private readonly title = element('h2', { text: 'Reconnect' });
  private readonly text = element('div');
  private readonly steps = element('ol', { className: 'steps' });
  private readonly result = element('p', { className: 'result' });
  private readonly buttons = element('div', { className: 'buttons' });

  constructor(private readonly acts: ReconnectActs) {
    this.root.hidden = true;
    this.title.tabIndex = -1;
    this.steps.setAttribute('aria-label', 'Steps of the handshake');
    this.steps.setAttribute('aria-live', 'polite');
    this.result.setAttribute('role', 'status');
    this.root.setAttribute('aria-label', 'Reconnect');
    this.root.append(this.title, this.text, this.buttons, this.steps, this.result);
  }

  preview({ verdict, method, text, details, lost, force }: ReconnectPreview): void {
    this.begin();
    this.text.append(element('p', {}, element('strong', { text: method })), element('p', { text }));
    for (const line of details) this.text.append(element('p', { text: line }));
    if (lost.length > 0) {
      const list = lost.map((line) => element('li', { text: line }));
      this.text.append(element('h3', { text: 'What is lost' }), element('ul', {}, ...list));
    }
    const close = button(verdict === 'refuse' ? 'Close' : 'Cancel', 'secondary', () => this.close());
    if (verdict === 'confirm')
      this.buttons.append(
        button('Reconnect', 'primary', () => this.go(false)),
        close,
      );
    else this.buttons.append(close);
    if (force !== undefined) {
      this.text.append(element('p', {}, element('strong', { text: force })));
      this.buttons.append(button('Reconnect All the Same', 'secondary', () => this.go(true)));
    }
    this.title.focus();
  }

  step({ atMs, side, text }: ReconnectStep): void {
    const time = element('span', { className: 'time', text: elapsedText(atMs) });
    const who = element('span', { className: 'side', text: side });
    this.steps.append(element('li', {}, time, who, element('span', { text })));
  }

  /** The result carries all steps: those that did not arrive by themselves are made good. */
  end({ outcome, text, wayOut, steps }: ReconnectReport): void {
    this.steps.replaceChildren();
    for (const step of steps) this.step(step);
    this.say(wayOut === undefined ? text : `${text} ${wayOut}`, outcome === 'done' ? 'good' : 'bad');
  }

  failed(text: string): void {
    if (this.root.hidden) this.begin();
    this.say(text, 'bad');
  }

  /** What is shown is of another server, or of a page that is gone. */
  forget(): void {
    if (this.root.hidden) return;
    this.begin();
    this.close();
    this.acts.running(false);
  }

  private begin(): void {
    this.root.hidden = false;
    this.text.replaceChildren();
    this.buttons.replaceChildren();
    this.steps.replaceChildren();
    this.result.className = 'result';
    this.result.textContent = '';
  }

  private go(forced: boolean): void {
    this.buttons.replaceChildren();
    // Read and agreed to: from now on the handshake has the place.
    this.text.replaceChildren();
    this.result.textContent = 'Asking…';
    this.acts.running(true);
    this.acts.go(forced);
  }

  private say(text: string, how: 'good' | 'bad'): void {
    this.acts.running(false);
    this.result.className = `result ${how}`;
    const icon = element('span', { className: `codicon codicon-${how === 'good' ? 'pass' : 'error'}` });
    icon.setAttribute('aria-hidden', 'true');
    this.result.replaceChildren(icon, ` ${text}`);
    const again = button('Once More…', 'secondary', () => this.acts.ask());
    this.buttons.replaceChildren(
      again,
      button('Close', 'secondary', () => this.close()),
    );
  }

  private close(): void {
    this.root.hidden = true;
  }
}
