/** Opens something by hand once the person knows what that does, and agrees where the host asks. */
import { failureOf } from './errors';
import { ask, say } from './say';

export interface Person {
  isRefused(text: string, detail: string): Promise<void>;
  /** Whether it is to be opened all the same. */
  agrees(text: string, detail: string): Promise<boolean>;
}

export interface Guarded<Opened> {
  preview(): Promise<{
    readonly verdict: 'allow' | 'confirm' | 'refuse';
    readonly text: string;
    readonly details: readonly string[];
  }>;
  open(confirmed: boolean): Promise<Opened>;
}

/** Undefined: it was refused, and the person was told, or thought better of it. `lines`: what the guard said. */
export async function openGuarded<Opened>(
  guarded: Guarded<Opened>,
  person: Person = atScreen,
): Promise<{ readonly opened: Opened; readonly lines: readonly string[] } | undefined> {
  const { verdict, text, details } = await guarded.preview();
  const detail = details.join('\n\n');
  if (verdict === 'refuse') {
    await person.isRefused(text, detail);
    return undefined;
  }
  const confirmed = verdict === 'confirm';
  if (confirmed && !(await person.agrees(text, detail))) return undefined;
  try {
    return { opened: await guarded.open(confirmed), lines: [text, ...details] };
  } catch (error) {
    // Something changed between the preview and this: what was no question is one now.
    if (!confirmed && failureOf(error).code === 'refused') return openGuarded(guarded, person);
    throw error;
  }
}

const atScreen: Person = {
  isRefused: (text, detail) => say.refusal(text, detail),
  agrees: async (text, detail) => {
    const button = 'Open';
    return (await ask(text, detail, button)) === button;
  },
};
