/** Where a person types what is to be sent. What was typed stays until all of it lies in the ring. */
import { button, dropdown, element, textArea } from '../kit';
import { setText } from '../rings/texts';
import { History, type InputMode, type LineEnd, parseInput } from './input';

export interface Draft {
  readonly text: string;
  readonly mode: InputMode;
  readonly lineEnd: LineEnd;
}

/** How a send ended. */
export interface SendOver {
  /** As it was asked for; absent for a file. */
  readonly serial?: number;
  readonly text: string;
  readonly problem?: string;
  /** By the person: nothing is wrong, and not all was sent. */
  readonly isStopped?: true;
}

export interface ComposerActs {
  send(serial: number, bytes: Uint8Array): void;
  sendFile(): void;
  stop(): void;
  /** The draft is another one: to be kept over everything that may happen. */
  changed(draft: Draft): void;
}

const modes = [
  { value: 'text', label: 'Text' },
  { value: 'hex', label: 'Hexadecimal' },
] as const;
const ends = [
  { value: 'none', label: 'No line end' },
  { value: 'lf', label: 'Line end \\n' },
  { value: 'crlf', label: 'Line end \\r\\n' },
  { value: 'nul', label: 'NUL at the end' },
] as const;

export class Composer {
  readonly root = element('section', { className: 'composer' });
  private readonly field = textArea('What to send', 'What to send; Enter sends it', () => this.onInput());
  private readonly problem = element('p', { className: 'problem' });
  private readonly told = element('p', { className: 'dim' });
  private readonly sendButton = button('Send', 'primary', () => this.send());
  private readonly fileButton = button('Send File…', 'secondary', () => this.acts.sendFile());
  private readonly stopButton = button('Stop Sending', 'secondary', () => this.acts.stop());
  private readonly history = new History();
  private mode: InputMode;
  private lineEnd: LineEnd;
  private serial = 0;
  private underWay: string | undefined;
  private canSend = false;

  constructor(
    private readonly acts: ComposerActs,
    draft: Partial<Draft> | undefined,
  ) {
    this.mode = draft?.mode ?? 'text';
    this.lineEnd = draft?.lineEnd ?? 'none';
    const mode = dropdown('How it is typed', modes, this.mode, (value) => {
      this.mode = value as InputMode;
      lineEnd.hidden = this.mode === 'hex';
      this.onInput();
    });
    const lineEnd = dropdown('What comes behind a text', ends, this.lineEnd, (value) => {
      this.lineEnd = value as LineEnd;
      this.onInput();
    });
    lineEnd.hidden = this.mode === 'hex';
    this.field.value = draft?.text ?? '';
    this.field.addEventListener('keydown', (event) => this.onKey(event));
    this.problem.setAttribute('role', 'alert');
    this.told.setAttribute('role', 'status');
    const buttons = element('div', { className: 'buttons' });
    buttons.append(this.sendButton, this.fileButton, this.stopButton, mode, lineEnd);
    this.root.append(element('h2', { text: 'Send' }), this.field, this.problem, buttons, this.told);
    this.enable();
  }

  /** Whether there is somebody to send to. */
  set open(isOpen: boolean) {
    if (this.canSend === isOpen) return;
    this.canSend = isOpen;
    this.enable();
  }

  /** What was told of an end that is over. */
  begin(): void {
    setText(this.told, '');
    setText(this.problem, '');
  }

  /** A file is on its way; `text` says how far it came. */
  progress(text: string): void {
    this.isBusy = true;
    setText(this.told, text);
    this.enable();
  }

  /** A send is over. Only what went out whole leaves the field, and only if nothing was typed since. */
  sent({ serial, text, problem, isStopped }: SendOver): void {
    this.isBusy = false;
    const isWhole = problem === undefined && !isStopped;
    if (serial === this.serial && isWhole && this.field.value === this.underWay) {
      this.history.add(this.field.value);
      this.field.value = '';
    }
    this.underWay = undefined;
    setText(this.told, text);
    setText(this.problem, problem ?? '');
    this.enable();
    this.acts.changed(this.draft);
  }

  private isBusy = false;

  private get draft(): Draft {
    return { text: this.field.value, mode: this.mode, lineEnd: this.lineEnd };
  }

  private send(): void {
    if (!this.canSend || this.isBusy) return;
    const input = parseInput(this.field.value, this.mode, this.lineEnd);
    setText(this.problem, input.problem ?? '');
    if (input.problem !== undefined || input.bytes.length === 0) return;
    this.underWay = this.field.value;
    this.isBusy = true;
    setText(this.told, '');
    this.enable();
    this.acts.send(++this.serial, input.bytes);
  }

  private onInput(): void {
    const { problem } = this.mode === 'hex' ? parseInput(this.field.value, 'hex', 'none') : { problem: '' };
    // A pair of which one digit is typed is no mistake yet.
    if (!problem?.includes('odd number')) setText(this.problem, problem ?? '');
    this.acts.changed(this.draft);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      const text = this.history.move(event.key === 'ArrowUp' ? -1 : 1);
      if (text === undefined) return;
      event.preventDefault();
      this.field.value = text;
      this.onInput();
    }
  }

  private enable(): void {
    this.sendButton.disabled = !this.canSend || this.isBusy;
    this.fileButton.disabled = !this.canSend || this.isBusy;
    this.stopButton.hidden = !this.isBusy;
  }
}
