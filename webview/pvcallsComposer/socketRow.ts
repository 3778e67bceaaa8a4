/** One socket in the table. */
import type { ComposerCommand, ComposerSocket, ComposerStream } from '../../server/rpc/api';
import { element } from '../kit';
import { severityIcon } from '../page';
import { setText, setTitle } from '../rings/texts';
import type { RowView } from './keyedRows';
import { levelText, shortLevel } from './words';

export interface SocketActs {
  showConsole(id: string): void;
  showRing(ring: string): void;
  /** The form of this command, filled with the socket's number. */
  compose(command: ComposerCommand, id: string): void;
}

export interface ShownSocket {
  readonly socket: ComposerSocket;
  /** Its console is shown. */
  readonly isShown: boolean;
}

export class SocketRow implements RowView<ShownSocket> {
  readonly root = element('tr');
  private readonly name = element('th');
  private readonly state = element('td', { className: 'state' });
  private readonly input = element('td', { className: 'number' });
  private readonly output = element('td', { className: 'number' });
  private readonly chips = element('td', { className: 'chips' });

  constructor(
    private readonly id: string,
    private readonly acts: SocketActs,
  ) {
    this.name.scope = 'row';
    this.root.append(this.name, this.state, this.input, this.output, this.chips);
  }

  show({ socket, isShown }: ShownSocket): void {
    const { text, stream, can } = socket;
    this.root.classList.toggle('chosen', isShown);
    this.showName(stream !== undefined, isShown);
    this.showState(text, stream);
    setText(this.input, stream ? shortLevel(stream.input) : '');
    setTitle(this.input, stream ? levelText(stream.input) : '');
    setText(this.output, stream ? shortLevel(stream.output) : '');
    setTitle(this.output, stream ? levelText(stream.output) : '');
    const key = JSON.stringify([can, stream?.ring]);
    if (this.chips.dataset.key === key) return;
    this.chips.dataset.key = key;
    this.chips.replaceChildren(...can.map((command) => this.commandChip(command)));
    const ring = stream?.ring;
    if (ring !== undefined) this.chips.append(chip('Rings', '', () => this.acts.showRing(ring)));
  }

  private showName(hasConsole: boolean, isShown: boolean): void {
    const key = String(hasConsole);
    if (this.name.dataset.key !== key) {
      this.name.dataset.key = key;
      this.name.replaceChildren(hasConsole ? this.consoleLink() : new Text(this.id));
    }
    if (hasConsole) this.name.firstElementChild!.setAttribute('aria-pressed', String(isShown));
  }

  private showState(text: string, stream: ComposerStream | undefined): void {
    const says = stream ? `${text}: ${stream.text}` : text;
    const severity = stream?.severity ?? 'fine';
    if (this.state.textContent === says && this.state.dataset.severity === severity) return;
    this.state.dataset.severity = severity;
    this.state.className = `state ${severity}`;
    this.state.replaceChildren(
      ...(severity === 'fine' ? [] : [severityIcon(severity)]),
      element('span', { text: says }),
    );
  }

  private consoleLink(): HTMLElement {
    const link = element('button', { className: 'link', text: this.id });
    link.type = 'button';
    link.title = 'Its console: what passes, and what is sent by hand';
    link.setAttribute('aria-label', `Console of socket ${this.id}`);
    link.addEventListener('click', () => this.acts.showConsole(this.id));
    return link;
  }

  private commandChip(command: ComposerCommand): HTMLElement {
    const title = command.toUpperCase();
    return chip(title, `${title} for socket ${this.id}, in the form`, () =>
      this.acts.compose(command, this.id),
    );
  }
}

function chip(text: string, title: string, pressed: () => void): HTMLElement {
  const made = element('button', { className: 'chip', text });
  made.type = 'button';
  if (title !== '') made.title = title;
  made.addEventListener('click', pressed);
  return made;
}
