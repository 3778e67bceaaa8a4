/** Writes into a journal what reaches a simulated host from outside: without it nobody could tell why its life went another way. */
import type { Admission, WorldControl } from '../host/worldControl';
import type { Journal } from './journal';

/** The recorder bounds the number of its entries only: a path of 3072 octets shall not fill it. */
export const maxAdmittedChars = 256;

/** What was admitted before as well; returns how to stop. */
export function recordAdmissions(
  journal: Journal,
  world: Pick<WorldControl, 'admissions' | 'onAdmission'>,
): () => void {
  const source = journal.source(0, 'world');
  let last: Admission | undefined;
  const record = (admission: Admission) => {
    last = admission;
    const { number, afterMove, atMs, kind } = admission;
    const text = brief(admission);
    const body = { number, afterMove, worldTimeMs: atMs, what: kind, text };
    journal.add(source, { kind: 'admission', layer: 'world', ...body });
  };
  world.admissions.forEach(record);
  const stop = world.onAdmission(record);
  return () => {
    stop();
    // Steps that nothing followed: their number was not told yet.
    const end = world.admissions.at(-1);
    if (end && last?.number === end.number && last.text !== end.text) record(end);
  };
}

/** Without the bytes of a request, which the journal has as the message that they are. */
function brief({ kind, text }: Admission): string {
  const words = kind === 'request' ? text.slice(0, text.lastIndexOf(': ')) : text;
  return words.length > maxAdmittedChars ? `${words.slice(0, maxAdmittedChars - 1)}…` : words;
}
