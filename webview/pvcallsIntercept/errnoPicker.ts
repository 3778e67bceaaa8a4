/** An errno to be answered: typed as name, number or what it means, or chosen from those that fit. */
import type { ErrnoRow } from '../../server/rpc/api';
import { button, element, inputField } from '../kit';
import { setText } from '../rings/texts';
import { matchingErrors } from './words';

const maxShown = 8;
const maxErrno = 4095;

export class ErrnoPicker {
  readonly root = element('div', { className: 'errno' });
  private readonly field;
  private readonly list = element('ul', { className: 'errors' });
  private readonly answer;
  private readonly problem = element('p', { className: 'problem' });
  private errors: readonly ErrnoRow[] = [];
  private proposed = '';

  constructor(
    public typed: string,
    private readonly answered: (ret: number) => void,
    private readonly changed: () => void,
  ) {
    this.field = inputField('Errno: name, number or meaning', 'Errno: name, number or meaning', (value) => {
      this.typed = value;
      this.draw();
      this.changed();
    });
    this.field.value = typed;
    this.field.addEventListener('keydown', ({ key }) => key === 'Enter' && this.press());
    this.answer = button('Answer', 'secondary', () => this.press());
    this.list.setAttribute('aria-label', 'Errors that fit');
    const line = element('div', { className: 'buttons' }, this.field, this.answer);
    this.root.append(line, this.problem, this.list);
  }

  setErrors(errors: readonly ErrnoRow[]): void {
    // Told again as they were: a chip that has the focus keeps it.
    if (JSON.stringify(errors) === JSON.stringify(this.errors)) return;
    this.errors = errors;
    this.draw();
  }

  /** What is answered where nothing is typed. */
  propose(name: string): void {
    this.proposed = name;
    this.draw();
  }

  private press(): void {
    const ret = this.ret();
    if (ret === undefined) return;
    this.answered(ret);
    // The next call is another one: what is proposed for it is seen again.
    this.typed = this.field.value = '';
    this.draw();
    this.changed();
  }

  /** What Answer answers now. */
  private ret(): number | undefined {
    const text = this.typed.trim();
    if (text === '') return this.errors.find(({ name }) => name === this.proposed)?.ret;
    const number = Math.abs(Number(text.replace('−', '-')));
    if (Number.isInteger(number) && number >= 1 && number <= maxErrno) return -number;
    return matchingErrors(text, this.errors, 1)[0]?.ret;
  }

  private draw(): void {
    const rows = matchingErrors(this.typed, this.errors, maxShown);
    const ret = this.ret();
    const known = this.errors.find((row) => row.ret === ret);
    this.answer.textContent =
      ret === undefined ? 'Answer' : `Answer ${known?.name ?? String(ret).replace('-', '−')}`;
    this.answer.disabled = ret === undefined && this.errors.length > 0;
    setText(
      this.problem,
      ret === undefined && this.typed.trim() !== '' && this.errors.length > 0
        ? `No errno is called “${this.typed.trim()}”. Write a name, a number to ${maxErrno}, or a word of its meaning.`
        : '',
    );
    this.list.replaceChildren(...rows.map((row) => this.rowOf(row, row.ret === ret)));
  }

  private rowOf({ name, ret, text }: ErrnoRow, isChosen: boolean): HTMLElement {
    const made = element('button', { className: 'chip', text: name });
    made.type = 'button';
    made.title = `${String(ret).replace('-', '−')}: ${text}`;
    made.setAttribute('aria-label', `${name}, ${text}`);
    made.setAttribute('aria-pressed', String(isChosen));
    made.addEventListener('click', () => {
      this.typed = this.field.value = name;
      this.draw();
      this.changed();
      this.answer.focus();
    });
    const words = element('span', { className: 'dim', text: `${String(ret).replace('-', '−')} ${text}` });
    words.title = made.title;
    return element('li', {}, made, words);
  }
}
