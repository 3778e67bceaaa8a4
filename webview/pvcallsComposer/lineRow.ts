/** One line of the history in its table. */
import type { ComposerDraft } from '../../server/rpc/api';
import { timeText } from '../console/words';
import { element, iconButton } from '../kit';
import { severityIcon } from '../page';
import { idText } from '../pvcalls/words';
import { setText, setTitle } from '../rings/texts';
import { type HistoryLine, lineKey } from './history';
import type { RowView } from './keyedRows';
import { latencyText, outcomeText } from './words';

export interface HistoryActs {
  sendAgain(request: ComposerDraft): void;
  /** Into the form. */
  edit(request: ComposerDraft): void;
}

interface LineActs extends HistoryActs {
  choose(key: string): void;
}

export interface ShownLine {
  readonly line: HistoryLine;
  readonly isChosen: boolean;
  readonly canSend: boolean;
}

/** All but the outcome stays as it was sent. */
export class LineRow implements RowView<ShownLine> {
  readonly root: HTMLElement;
  private readonly name: HTMLElement;
  private readonly outcome = element('td');
  private readonly after = element('td', { className: 'number' });
  private readonly again: (HTMLElement & { disabled: boolean }) | undefined;

  constructor({ line }: ShownLine, acts: LineActs) {
    const { number, timeMs, title, request } = line.entry;
    const name = element('button', { className: 'link', text: title });
    name.type = 'button';
    name.addEventListener('click', () => acts.choose(lineKey(line)));
    this.name = name;
    const socket = request?.id === undefined ? '' : ` ${idText(request.id)}`;
    const buttons = element('td', { className: 'acts' });
    if (request) {
      const { draft } = request;
      const again = iconButton('redo', `Send ${title}${socket} Again`, () => acts.sendAgain(draft));
      this.again = again as HTMLElement & { disabled: boolean };
      buttons.append(
        again,
        iconButton('edit', `Edit ${title}${socket}`, () => acts.edit(draft)),
      );
    }
    this.root = element(
      'tr',
      {},
      element('td', { className: 'number dim', text: String(number) }),
      element('td', { className: 'number dim', text: timeText(timeMs) }),
      element('td', {}, name, new Text(socket)),
      this.outcome,
      this.after,
      buttons,
    );
  }

  show({ line, isChosen, canSend }: ShownLine): void {
    const { entry } = line;
    const { text, severity, response } = entry;
    setTitle(this.root, text);
    this.root.classList.toggle('chosen', isChosen);
    this.name.setAttribute('aria-pressed', String(isChosen));
    const outcome = outcomeText(entry);
    if (this.outcome.textContent !== outcome || this.outcome.dataset.severity !== severity) {
      this.outcome.dataset.severity = severity;
      this.outcome.className = `outcome ${severity}`;
      this.outcome.replaceChildren(severityIcon(severity), element('span', { text: outcome }));
    }
    setText(this.after, latencyText(response?.latencyMs));
    if (this.again) this.again.disabled = !canSend;
  }
}
