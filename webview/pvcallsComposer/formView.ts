/** Where a command is composed: the form of one of the seven, or the bytes of a raw slot; what would be sent. */
import type { ComposerCheck, ComposerForm, ComposerLayouts, ComposerState } from '../../server/rpc/api';
import { button, element, textArea } from '../kit';
import { setText } from '../rings/texts';
import { CommandBar } from './commandBar';
import {
  type FormChoice,
  type FormDraft,
  suggestionsFor,
  valueOf,
  withChoice,
  withField,
  withoutTyped,
} from './draft';
import { FieldView } from './fieldView';
import { countText, editable, requestFields } from './slotBytes';
import { SlotView } from './slotView';
import { notOpenHint, rawHelp, rawPurpose } from './words';

export interface FormActs {
  /** The person typed or chose something. */
  changed(draft: FormDraft): void;
  send(): void;
  save(): void;
}

export class FormView {
  readonly root = element('section', { className: 'form' });
  private readonly bar = new CommandBar((choice) => this.choose(choice));
  private readonly help = element('p', { className: 'dim' });
  private readonly usual = element('div', { className: 'fields' });
  private readonly raw = element('details', { className: 'raw' });
  private readonly rawFields = element('div', { className: 'fields' });
  private readonly slotField = textArea('The 64 bytes of the slot', '00 00 00 00  01 00 00 00 …', (slot) =>
    this.acts.changed({ ...this.draft, slot }),
  );
  private readonly slotCount = element('p', { className: 'dim' });
  private readonly slotProblem = element('p', { className: 'problem' });
  private readonly slotBox = element('div', { className: 'slotBox' });
  private readonly hint = element('p', { className: 'dim hint' });
  private readonly sendButton = button('Send', 'primary', () => this.acts.send());
  private readonly toRawButton = button('To Raw', 'secondary', () => this.toRaw());
  private readonly resetButton = button('Reset', 'secondary', () =>
    this.acts.changed(withoutTyped(this.draft)),
  );
  private readonly said = element('p', { className: 'said' });
  /** What the slot says; its bytes for whoever wants them. */
  private readonly says = element('p', { className: 'dim' });
  private readonly preview = new SlotView('What is sent');
  private readonly bytes = element('details', {}, element('summary', { text: 'The bytes that are sent' }));
  private fields: FieldView[] = [];
  private forms: readonly ComposerForm[] = [];
  private layouts: ComposerLayouts = { requests: {}, response: [] };
  private shown: FormChoice | undefined;
  private check: ComposerCheck | undefined;
  /** Fields that were left empty are no mistakes before somebody wants to send. */
  private wasSent = false;

  constructor(
    private readonly acts: FormActs,
    private draft: FormDraft,
  ) {
    this.raw.append(element('summary', { text: 'Wrong on purpose', className: 'summary' }));
    this.raw.append(element('p', { className: 'dim', text: rawPurpose }), this.rawFields);
    this.slotProblem.setAttribute('role', 'alert');
    // Four lines of sixteen bytes, and one to write on.
    this.slotField.setAttribute('rows', '5');
    this.slotBox.append(this.slotField, this.slotCount, this.slotProblem);
    this.said.setAttribute('role', 'status');
    this.sendButton.title = 'Ctrl+Enter';
    this.toRawButton.title =
      'Takes the bytes that this form would send into the raw slot, to be changed there';
    this.resetButton.title = 'Forgets what was typed into this form';
    const saveButton = button('Save as Favourite…', 'secondary', () => this.acts.save());
    const buttons = element('div', { className: 'buttons' }, this.sendButton, saveButton);
    buttons.append(this.toRawButton, this.resetButton);
    this.root.append(element('h2', { text: 'Command' }), this.bar.root, this.help, this.usual);
    this.root.append(this.slotBox, this.raw, this.hint, buttons, this.said, this.says, this.bytes);
    this.bytes.append(this.preview.root);
    this.root.addEventListener('keydown', (event) => this.onKey(event));
  }

  setCatalog(forms: readonly ComposerForm[], layouts: ComposerLayouts): void {
    this.forms = forms;
    this.layouts = layouts;
    this.bar.setForms(forms);
    this.shown = undefined;
  }

  /** Whether something can be sent now. */
  set open(isOpen: boolean) {
    this.sendButton.disabled = !isOpen;
    this.sendButton.title = isOpen ? 'Ctrl+Enter' : notOpenHint;
  }

  show(draft: FormDraft, state: ComposerState | undefined): void {
    this.draft = draft;
    const form = this.forms.find(({ command }) => command === draft.choice);
    if (this.shown !== draft.choice) this.build(form);
    this.bar.show(draft.choice);
    for (const view of this.fields) {
      const value = valueOf(view.field, form!.command, draft, state);
      view.show(value, suggestionsFor(view.field, form!.command, state), state !== undefined);
    }
    if (this.slotField.value !== draft.slot) this.slotField.value = draft.slot;
    setText(this.slotCount, countText(draft.slot));
    this.tellProblems();
  }

  /** What the server says of the draft as it stands; undefined while nobody can say. */
  showCheck(check: ComposerCheck | undefined): void {
    this.check = check;
    this.tellProblems();
    this.toRawButton.disabled = check?.slot === undefined;
    const slot = check?.slot;
    this.preview.show(slot, slot === undefined ? [] : requestFields(slot, this.layouts));
    this.bytes.hidden = slot === undefined;
    setText(this.says, check?.text ?? '');
  }

  /** Somebody wanted to send what cannot be: everything that is wrong is said, and the first of it has the focus. */
  insist(check: ComposerCheck): void {
    this.wasSent = true;
    this.showCheck(check);
    const [first] = check.problems;
    if (!first) return;
    if (first.field === 'slot') this.slotField.focus();
    const view = this.fields.find(({ field }) => field.name === first.field);
    if (view?.field.group === 'raw') this.raw.open = true;
    view?.focus();
  }

  /** How the last send fared, in a sentence; empty for nothing. */
  say(text: string, failed: boolean): void {
    setText(this.said, text);
    this.said.className = failed ? 'said problem' : 'said dim';
    if (!failed) this.wasSent = false;
  }

  focus(): void {
    if (this.draft.choice === 'raw') this.slotField.focus();
    else this.fields[0]?.focus();
  }

  private choose(choice: FormChoice): void {
    this.wasSent = false;
    this.acts.changed(withChoice(this.draft, choice));
  }

  private build(form: ComposerForm | undefined): void {
    this.shown = this.draft.choice;
    this.fields = (form?.fields ?? []).map(
      (field) =>
        new FieldView(field, {
          changed: (value) => this.acts.changed(withField(this.draft, form!.command, field.name, value)),
          entered: ({ label, help }) => setText(this.hint, `${label}: ${help}`),
        }),
    );
    const ofGroup = (group: 'usual' | 'raw') =>
      this.fields.filter(({ field }) => field.group === group).map(({ root }) => root);
    this.usual.replaceChildren(...ofGroup('usual'));
    this.rawFields.replaceChildren(...ofGroup('raw'));
    this.raw.hidden = form === undefined;
    // A field that is wrong on purpose is never out of sight.
    this.raw.open = form !== undefined && this.hasRawValues(form);
    this.slotBox.hidden = form !== undefined;
    this.toRawButton.hidden = form === undefined;
    setText(this.help, form?.help ?? rawHelp);
    setText(this.hint, '');
    this.say('', false);
  }

  private hasRawValues({ command, fields }: ComposerForm): boolean {
    const typed = this.draft.typed[command] ?? {};
    return fields.some(({ name, group }) => group === 'raw' && (typed[name] ?? '') !== '');
  }

  private tellProblems(): void {
    const { problems = [], warnings = [] } = this.check ?? {};
    const typed = this.draft.choice === 'raw' ? {} : (this.draft.typed[this.draft.choice] ?? {});
    for (const { field, tell } of this.fields.map((view) => ({
      field: view.field,
      tell: view.tell.bind(view),
    }))) {
      const isDue = this.wasSent || typed[field.name] !== undefined;
      const textOf = (list: ComposerCheck['problems']) => list.find((one) => one.field === field.name)?.text;
      tell(isDue ? textOf(problems) : undefined, textOf(warnings));
    }
    const ofSlot = [...problems, ...warnings].find(({ field }) => field === 'slot');
    setText(this.slotProblem, this.draft.choice === 'raw' ? (ofSlot?.text ?? '') : '');
  }

  private toRaw(): void {
    const slot = this.check?.slot;
    if (slot === undefined) return;
    this.acts.changed({ ...this.draft, choice: 'raw', slot: editable(slot) });
    this.slotField.focus();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    if (!this.sendButton.disabled) this.acts.send();
  }
}
