/** The form as a person left it, and the request that it stands for. */
import type {
  ComposerCommand,
  ComposerDraft,
  ComposerField,
  ComposerForm,
  ComposerState,
} from '../../server/rpc/api';

export type FormChoice = ComposerCommand | 'raw';
type Typed = Readonly<Record<string, string>>;

/** What was typed, for each command. A field that was not touched is absent, and shows what is suggested now. */
export interface FormDraft {
  readonly choice: FormChoice;
  readonly typed: Readonly<Partial<Record<ComposerCommand, Typed>>>;
  /** The bytes of the raw slot, as they were typed. */
  readonly slot: string;
}

export const emptyDraft: FormDraft = { choice: 'socket', typed: {}, slot: '' };

/** A value that may be chosen instead of being typed. */
export interface Suggestion {
  readonly value: string;
  readonly label: string;
}

/** Longer lists are for the table of sockets. */
const maxSuggestions = 8;

type Known = Pick<ComposerState, 'sockets' | 'kept' | 'suggested'>;

/** What is offered for a field now; the first is the best. */
export function suggestionsFor(
  field: ComposerField,
  command: ComposerCommand,
  state: Known | undefined,
): readonly Suggestion[] {
  if (!state) return [];
  switch (field.suggests) {
    case 'socket':
      return state.sockets
        .filter(({ can }) => can.includes(command))
        .map(({ id, text }) => ({ value: id, label: `${id}: ${text}` }))
        .reverse()
        .slice(0, maxSuggestions);
    case 'kept':
      return state.kept
        .map(({ ref, order }) => ({ value: String(ref), label: `${ref}: kept, order ${order}` }))
        .slice(0, maxSuggestions);
    case 'newId':
      return [{ value: state.suggested.newId, label: `${state.suggested.newId}: the next free one` }];
    case 'connectTo': {
      const { connectTo, listeners = [] } = state.suggested;
      const label = (value: string) =>
        listeners.includes(value) ? `${value}: a guest listens there` : value;
      return [...new Set([connectTo, ...listeners])]
        .map((value) => ({ value, label: label(value) }))
        .slice(0, maxSuggestions);
    }
    case 'bindTo':
      return [{ value: state.suggested.bindTo, label: state.suggested.bindTo }];
    case undefined:
      return [];
  }
}

/** What stands in a field: what was typed, else what is suggested, else its default. */
export function valueOf(
  field: ComposerField,
  command: ComposerCommand,
  draft: FormDraft,
  state: Known | undefined,
): string {
  const typed = draft.typed[command]?.[field.name];
  if (typed !== undefined) return typed;
  // Kept pages are offered; new ones are what is meant where nobody chose.
  const best = field.suggests === 'kept' ? undefined : suggestionsFor(field, command, state)[0]?.value;
  return best ?? field.default ?? '';
}

/** The request as the server takes it. */
export function requestOf(
  draft: FormDraft,
  forms: readonly ComposerForm[],
  state: Known | undefined,
): ComposerDraft {
  const form = forms.find(({ command }) => command === draft.choice);
  if (!form) return { kind: 'raw', slot: draft.slot };
  const { command } = form;
  const fields = form.fields.map((field) => [field.name, valueOf(field, command, draft, state)]);
  return { kind: 'fields', command, fields: Object.fromEntries(fields) as Record<string, string> };
}

/** What is kept of the form under a name: only what was typed. */
export function favouriteOf({ choice, typed, slot }: FormDraft): ComposerDraft {
  return choice === 'raw'
    ? { kind: 'raw', slot }
    : { kind: 'fields', command: choice, fields: typed[choice] ?? {} };
}

export function withChoice(draft: FormDraft, choice: FormChoice): FormDraft {
  return { ...draft, choice };
}

export function withField(
  draft: FormDraft,
  command: ComposerCommand,
  name: string,
  value: string,
): FormDraft {
  return {
    ...draft,
    typed: { ...draft.typed, [command]: { ...draft.typed[command], [name]: value } },
  };
}

/** The form filled with a request of the history, or a favourite: what it names counts as typed. */
export function withRequest(draft: FormDraft, request: ComposerDraft): FormDraft {
  return request.kind === 'raw'
    ? { ...draft, choice: 'raw', slot: request.slot }
    : {
        ...draft,
        choice: request.command,
        typed: { ...draft.typed, [request.command]: { ...request.fields } },
      };
}

/** One command as at the beginning. */
export function withoutTyped(draft: FormDraft): FormDraft {
  return draft.choice === 'raw'
    ? { ...draft, slot: '' }
    : { ...draft, typed: { ...draft.typed, [draft.choice]: {} } };
}

/**
 * After `sent` went out: the numbers of sockets in it are used, and others are suggested for the next one. What was
 * typed since, into this form or another one, stays.
 */
export function afterSending(
  draft: FormDraft,
  forms: readonly ComposerForm[],
  sent: ComposerDraft,
): FormDraft {
  const form = sent.kind === 'fields' && forms.find(({ command }) => command === sent.command);
  if (!form) return draft;
  const isKept = ([name, value]: [string, string]) =>
    value !== sent.fields[name] || form.fields.find((field) => field.name === name)?.kind !== 'id';
  const left = Object.entries(draft.typed[form.command] ?? {}).filter(isKept);
  return { ...draft, typed: { ...draft.typed, [form.command]: Object.fromEntries(left) } };
}
