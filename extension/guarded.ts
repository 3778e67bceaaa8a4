/** What is opened by hand once a person knows what that does, and agrees where the host asks. */
import { failureOf } from './errors';

export interface Person {
  isRefused(text: string, detail: string): Promise<void>;
  /** Whether it is to be opened all the same. */
  agrees(text: string, detail: string): Promise<boolean>;
}

/** What the guard says of it. */
export interface GuardSays {
  readonly verdict: 'allow' | 'confirm' | 'refuse';
  readonly text: string;
  readonly details: readonly string[];
}

export interface Guarded<Opened, Says extends GuardSays = GuardSays> {
  preview(): Promise<Says>;
  /** `says`: what the person has read. */
  open(confirmed: boolean, says: Says): Promise<Opened>;
}

export interface OpenedGuarded<Opened> {
  readonly opened: Opened;
  /** What the guard said. */
  readonly lines: readonly string[];
}

/** Undefined: it was refused, and the person was told, or thought better of it. */
export async function openFor<Opened, Says extends GuardSays>(
  person: Person,
  guarded: Guarded<Opened, Says>,
): Promise<OpenedGuarded<Opened> | undefined> {
  const says = await guarded.preview();
  const { verdict, text, details } = says;
  const detail = details.join('\n\n');
  if (verdict === 'refuse') {
    await person.isRefused(text, detail);
    return undefined;
  }
  const confirmed = verdict === 'confirm';
  if (confirmed && !(await person.agrees(text, detail))) return undefined;
  try {
    return { opened: await guarded.open(confirmed, says), lines: [text, ...details] };
  } catch (error) {
    // Something changed between the preview and this: what was no question is one now.
    if (!confirmed && failureOf(error).code === 'refused') return openFor(person, guarded);
    throw error;
  }
}
