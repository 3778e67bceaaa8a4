/** CONTROL: commands to the server itself, one entry of the table per command. */
import { fail } from '../failure';
import type { Session } from '../session';
import { OK, strings, type Outcome, type Request } from './request';

interface Command {
  /** What `help` says of its arguments. */
  readonly parameters: string;
  readonly run: (session: Session, words: readonly string[]) => Outcome;
}

const commands: Readonly<Record<string, Command>> = {
  check: { parameters: '', run: check },
  print: { parameters: '<string>', run: print },
  help: { parameters: '', run: help },
};

export function control(session: Session, request: Request): Outcome {
  const [name, ...words] = strings(request);
  if (name === undefined || !Object.hasOwn(commands, name)) return fail.EINVAL;
  return commands[name]!.run(session, words);
}

/** Counts the store again and logs what does not agree. */
function check({ core }: Session, words: readonly string[]): Outcome {
  if (words.length !== 0) return fail.EINVAL;
  const found = core.store.check();
  for (const difference of found) core.log(`check: ${difference}`);
  core.log(found.length === 0 ? 'check: the store is in order' : 'check: the accounts are wrong');
  return OK;
}

function print({ core }: Session, words: readonly string[]): Outcome {
  const [text] = words;
  if (text === undefined || words.length !== 1) return fail.EINVAL;
  core.log(`control: ${printable(text)}`);
  return OK;
}

/** Foreign text must not drive the terminal that shows a log. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '.');
}

function help(_session: Session, words: readonly string[]): Outcome {
  if (words.length !== 0) return fail.EINVAL;
  const lines = Object.entries(commands).map(([name, { parameters }]) => `${name}\t${parameters}\n`);
  return `${lines.join('')}\0`;
}
