/** What was sent, newest first: a line for each, and all of the one that is chosen. */
import type { ComposerDraft, ComposerEntry, ComposerLayouts } from '../../server/rpc/api';
import { timeText } from '../console/words';
import { button, element, iconButton } from '../kit';
import { severityIcon } from '../page';
import { setText } from '../rings/texts';
import { type History, type HistoryLine, lineKey } from './history';
import { type HistoryActs, LineRow, type ShownLine } from './lineRow';
import { KeyedRows } from './keyedRows';
import { requestFields } from './slotBytes';
import { SlotView } from './slotView';
import { latencyText, outcomeText } from './words';

export class HistoryView {
  readonly root = element('section', { className: 'history' });
  private readonly clearButton = iconButton('clear-all', 'Clear history', () => this.clear());
  private readonly empty = element('p', { className: 'dim', text: 'Nothing has been sent yet.' });
  private readonly forgotten = element('p', { className: 'dim' });
  private readonly table = element('table');
  private readonly rows: KeyedRows<ShownLine>;
  private readonly answer = element('div', { className: 'answer' });
  private readonly verdict = element('p', { className: 'verdict' });
  private readonly facts = element('p', { className: 'dim' });
  /** The bytes of the one that is chosen, apart: they are long. */
  readonly slots = element('details', { className: 'rawSlots' });
  private readonly request = new SlotView('Request', 'Request');
  private readonly response = new SlotView('Response', 'Response');
  private readonly againButton = button('Send Again', 'secondary', () =>
    this.withRequest(this.acts.sendAgain),
  );
  private readonly scroll = element('div', { className: 'scroll' });
  private readonly editButton = button('Edit', 'secondary', () => this.withRequest(this.acts.edit));
  private readonly rawButton = button('Edit as Raw', 'secondary', () => this.editAsRaw());
  private layouts: ComposerLayouts = { requests: {}, response: [] };
  /** Undefined: the newest. */
  private chosen: string | undefined;
  private canSend = false;

  constructor(
    private readonly history: History,
    private readonly acts: HistoryActs & { cleared(): void },
  ) {
    const body = element('tbody');
    this.rows = new KeyedRows(
      body,
      (line) => new LineRow(line, { ...acts, choose: (key) => this.choose(key) }),
    );
    const heads = ['#', 'Time', 'Command', 'Outcome', 'After', ''].map((text) => {
      const head = element('th', { text });
      head.scope = 'col';
      if (text === '') head.setAttribute('aria-label', 'Again');
      return head;
    });
    this.table.append(element('thead', {}, element('tr', {}, ...heads)), body);
    this.table.setAttribute('aria-label', 'What was sent, newest first');
    this.againButton.title = 'Sends the same once more, with the same numbers';
    this.editButton.title = 'Takes it into the form, to be changed and sent';
    this.rawButton.title = 'Takes its 64 bytes into the raw slot';
    const buttons = element(
      'div',
      { className: 'buttons' },
      this.againButton,
      this.editButton,
      this.rawButton,
    );
    const slots = element('div', { className: 'slots' }, this.request.root, this.response.root);
    this.slots.append(element('summary', { text: 'The bytes of request and response' }), slots);
    this.answer.append(this.verdict, this.facts, buttons);
    this.scroll.append(this.table);
    this.scroll.tabIndex = 0;
    this.scroll.setAttribute('role', 'region');
    this.scroll.setAttribute('aria-label', 'History');
    this.root.append(element('h2', { text: 'Answer' }), this.empty, this.answer);
    this.clearButton.title =
      'Clear history: forgets all that was answered; what is under way and the sockets stay as they are';
    const head = element('div', { className: 'head' }, element('h2', { text: 'History' }), this.clearButton);
    this.root.append(head, this.scroll, this.forgotten);
  }

  setLayouts(layouts: ComposerLayouts): void {
    this.layouts = layouts;
    this.show(this.canSend);
  }

  /** Something was sent: its answer is what matters now. */
  chooseNewest(): void {
    this.chosen = undefined;
    this.show(this.canSend);
  }

  show(canSend: boolean): void {
    this.canSend = canSend;
    const { lines, forgotten } = this.history;
    const shown = this.line();
    const shownKey = shown && lineKey(shown);
    this.empty.hidden = lines.length > 0;
    this.table.hidden = lines.length === 0;
    this.clearButton.hidden = !this.history.canClear;
    this.rows.show(
      [...lines].reverse().map((line) => {
        const key = lineKey(line);
        return { key, value: { line, isChosen: key === shownKey, canSend } };
      }),
    );
    setText(this.forgotten, forgotten === 0 ? '' : `${forgotten} older lines are forgotten.`);
    this.forgotten.hidden = forgotten === 0;
    this.showAnswer(shown?.entry);
  }

  private clear(): void {
    this.history.clear();
    this.chosen = undefined;
    this.show(this.canSend);
    // The button may be gone, and the focus with it.
    this.scroll.focus();
    this.acts.cleared();
  }

  private choose(key: string): void {
    this.chosen = key;
    this.show(this.canSend);
  }

  private line(): HistoryLine | undefined {
    return (
      (this.chosen === undefined ? undefined : this.history.find(this.chosen)) ?? this.history.lines.at(-1)
    );
  }

  private showAnswer(entry: ComposerEntry | undefined): void {
    this.answer.hidden = entry === undefined;
    this.slots.hidden = entry === undefined;
    if (!entry) return;
    const { request, response, severity, text, timeMs } = entry;
    const key = `${severity} ${text}`;
    if (this.verdict.dataset.key !== key) {
      this.verdict.dataset.key = key;
      this.verdict.className = `verdict ${severity}`;
      this.verdict.replaceChildren(severityIcon(severity), element('span', { text }));
    }
    const facts = [
      `${entry.number}. at ${timeText(timeMs)}`,
      outcomeText(entry),
      response?.latencyMs !== undefined && `answered after ${latencyText(response.latencyMs)}`,
      request && `req_id ${request.reqId}`,
    ];
    setText(this.facts, facts.filter(Boolean).join(' · '));
    this.againButton.disabled = !this.canSend || !request;
    this.editButton.disabled = !request;
    this.rawButton.disabled = !request;
    const fields = request ? requestFields(request.slot, this.layouts) : [];
    this.request.show(request?.slot, fields);
    this.response.show(response?.slot, this.layouts.response);
  }

  private readonly withRequest = (act: (request: ComposerDraft) => void) => {
    const request = this.line()?.entry.request;
    if (request) act(request.draft);
  };

  private editAsRaw(): void {
    const request = this.line()?.entry.request;
    if (request) this.acts.edit({ kind: 'raw', slot: request.slot });
  }
}
