/** What becomes of the chosen call: its fields, and the answers that a person can give. */
import type { CallDecision, ErrnoRow, HeldCall } from '../../server/rpc/api';
import { button, dropdown, element, inputField } from '../kit';
import { toolbar } from '../page';
import { setText } from '../rings/texts';
import { ErrnoPicker } from './errnoPicker';
import { callKey, isConnecting, likelyError, ruleFor } from './words';

export interface DecideActs {
  decide(call: number, decision: CallDecision, delayMs: number): void;
  /** A rule about calls like this one is to be written. */
  makeRule(line: string): void;
  changed(): void;
}

export interface DecideDraft {
  readonly errno?: string;
  readonly delayMs?: string;
  readonly peer?: 'echo' | 'sink';
}

const maxDelayMs = 3_600_000;

export class DecideView {
  readonly root = element('section', { className: 'decide' });
  private readonly title = element('h3');
  private readonly fields = element('tbody');
  private readonly slot = element('pre');
  private readonly errno: ErrnoPicker;
  private readonly delay;
  private readonly problem = element('p', { className: 'problem' });
  private readonly buttons;
  private call: HeldCall | undefined;
  private shownKey: string | undefined;
  /** Of the call that was decided, until the news tell what became of it. */
  private decidedKey: string | undefined;
  private readonly peers;
  private delayText: string;
  private peer: 'echo' | 'sink';

  constructor(
    private readonly acts: DecideActs,
    draft: DecideDraft,
  ) {
    this.delayText = draft.delayMs ?? '';
    this.peer = draft.peer ?? 'echo';
    this.errno = new ErrnoPicker(
      draft.errno ?? '',
      (ret) => this.decide({ kind: 'refuse', ret }),
      () => acts.changed(),
    );
    this.delay = inputField('Delay in milliseconds', '0', (value) => {
      this.delayText = value;
      acts.changed();
      this.delayMs();
    });
    this.delay.value = this.delayText;
    this.delay.title = 'Pass, Success and Answer are done so much later, up to an hour';
    this.problem.setAttribute('role', 'alert');
    const pass = button('Pass', 'primary', () => this.decide({ kind: 'pass' }));
    pass.title = 'The backend does it, and answers whatever comes of it';
    const success = button('Success', 'secondary', () => this.decide({ kind: 'pretend', peer: this.peer }));
    success.title = 'It is answered 0, and not done';
    const never = button('Never Answer', 'secondary', () => this.decide({ kind: 'never' }));
    never.title = 'The guest waits, until you decide otherwise';
    this.peers = dropdown(
      'What is at the other end of a socket that Success connects',
      [
        { value: 'echo', label: 'Other end: echoes what is sent' },
        { value: 'sink', label: 'Other end: says nothing' },
      ],
      this.peer,
      (value) => {
        this.peer = value === 'sink' ? 'sink' : 'echo';
        acts.changed();
      },
    );
    this.peers.title = 'What is at the other end of a socket that Success connects';
    const rule = button('Make a Rule', 'secondary', () => this.call && acts.makeRule(ruleFor(this.call)));
    rule.title = 'Begins a rule about calls like this one';
    this.buttons = [pass, success, never, rule];
    const table = element('table', {}, this.fields);
    table.setAttribute('aria-label', 'Fields of the call');
    const raw = element('details', {}, element('summary', { text: 'Raw slot' }), this.slot);
    const delayLine = element('div', { className: 'delay' }, element('span', { text: 'Delay' }), this.delay);
    delayLine.append(element('span', { text: 'ms' }));
    const tools = toolbar('What becomes of the call', pass, success, this.peers, never, rule, delayLine);
    // By the second click of a double click another call may have come under the pointer.
    const isRepeated = (event: MouseEvent) => event.detail > 1 && event.stopPropagation();
    for (const acting of [tools, this.errno.root]) acting.addEventListener('click', isRepeated, true);
    this.root.append(this.title, tools, this.problem, this.errno.root, table, raw);
    this.root.setAttribute('aria-label', 'What becomes of the call');
    this.root.hidden = true;
  }

  get draft(): DecideDraft {
    return { errno: this.errno.typed, delayMs: this.delayText, peer: this.peer };
  }

  setErrors(errors: readonly ErrnoRow[]): void {
    this.errno.setErrors(errors);
  }

  show(call: HeldCall | undefined): void {
    this.call = call;
    this.root.hidden = call === undefined;
    const key = call && callKey(call);
    if (this.shownKey === key) return;
    this.shownKey = key;
    if (!call) return;
    setText(this.title, call.text);
    this.peers.hidden = !isConnecting(call.command);
    this.errno.propose(likelyError(call.command));
    this.fields.replaceChildren(
      ...call.fields.map(({ name, text, meaning }) => {
        const head = element('th', { text: name.replace(/^u\.[a-z]+\./, '') });
        head.scope = 'row';
        const row = element(
          'tr',
          {},
          head,
          element('td', { text }),
          element('td', { className: 'dim', text: meaning }),
        );
        row.title = name;
        return row;
      }),
    );
    setText(this.slot, slotText(call.slot));
  }

  setAway(isAway: boolean): void {
    for (const one of this.buttons) one.disabled = isAway;
  }

  /** The decisions that were made have been heard of. */
  heard(): void {
    this.decidedKey = undefined;
  }

  private decide(decision: CallDecision): void {
    const delayMs = decision.kind === 'never' ? 0 : this.delayMs();
    const key = this.call && callKey(this.call);
    if (!this.call || delayMs === undefined || key === this.decidedKey) return;
    this.decidedKey = key;
    this.acts.decide(this.call.number, decision, delayMs);
  }

  private delayMs(): number | undefined {
    const text = this.delayText.trim();
    const value = Number(text === '' ? 0 : text);
    const isRight = Number.isInteger(value) && value >= 0 && value <= maxDelayMs;
    setText(
      this.problem,
      isRight ? '' : `“${text}” is no delay: write whole milliseconds, to ${maxDelayMs}.`,
    );
    return isRight ? value : undefined;
  }
}

/** Sixteen bytes in a line. */
function slotText(hex: string): string {
  const lines: string[] = [];
  for (let at = 0; at < hex.length; at += 32) {
    const pairs = hex.slice(at, at + 32).match(/../g) ?? [];
    lines.push(`${String(at / 2).padStart(2)}  ${pairs.slice(0, 8).join(' ')}  ${pairs.slice(8).join(' ')}`);
  }
  return lines.join('\n');
}
