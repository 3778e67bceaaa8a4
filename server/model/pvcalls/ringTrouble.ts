/** What the ring doctor says of data rings, as their sockets and the device are told of it. */
import type { RingVerdict } from '../rings/ringTypes';
import { bySeverity } from '../severity';
import { socketText } from './callSeen';
import type { PvCallsDiagnosis, PvCallsSocketRow } from './pvcallsTypes';

/** Lengths of time and indices in a verdict that goes on move all the while: they are told at most so often. */
export const newWordsIntervalMs = 1_000;

/** Nothing where all is well. The same object as long as its words are the same. */
export function troubleOf(verdict: RingVerdict | undefined): PvCallsDiagnosis | undefined {
  return verdict && verdict.severity !== 'fine' ? verdict : undefined;
}

/** Of two that are equally serious the first. */
export function moreSerious(
  one: PvCallsDiagnosis | undefined,
  other: PvCallsDiagnosis | undefined,
): PvCallsDiagnosis | undefined {
  if (!one || !other) return one ?? other;
  return bySeverity(one, other) <= 0 ? one : other;
}

/** The same trouble, whatever its numbers. */
export function goesOn(one: PvCallsDiagnosis, other: PvCallsDiagnosis): boolean {
  return one.rule === other.rule && one.severity === other.severity;
}

export function isSameDiagnosis(one: PvCallsDiagnosis, other: PvCallsDiagnosis): boolean {
  return (
    goesOn(one, other) &&
    one.text === other.text &&
    one.evidence.length === other.evidence.length &&
    one.evidence.every((line, at) => line === other.evidence[at])
  );
}

/** A socket of which the doctor of rings has the most serious thing to say. */
export interface TroubledSocket {
  readonly row: PvCallsSocketRow;
  readonly ringTrouble?: PvCallsDiagnosis | undefined;
}

/** For the device: the worst alone, as each row tells its own; how many others there are is counted. */
export function worstRingTrouble(sockets: readonly TroubledSocket[]): PvCallsDiagnosis | undefined {
  let worst: { readonly row: PvCallsSocketRow; readonly trouble: PvCallsDiagnosis } | undefined;
  let further = -1;
  for (const { row, ringTrouble: trouble } of sockets) {
    if (!trouble) continue;
    further++;
    if (!worst || bySeverity(trouble, worst.trouble) < 0) worst = { row, trouble };
  }
  if (!worst) return undefined;
  const { row, trouble } = worst;
  const others = further === 1 ? '1 further socket' : `${further} further sockets`;
  return {
    ...trouble,
    text: `${nameOf(row)}: ${trouble.text}`,
    evidence: [
      ...trouble.evidence,
      ...(further > 0 ? [`The doctor speaks of the data rings of ${others} as well.`] : []),
    ],
    socket: row.key,
  };
}

function nameOf({ id, rings }: PvCallsSocketRow): string {
  if (id !== undefined) return socketText(BigInt(id));
  return rings ? `rings at grant ${rings.ref}` : 'a socket';
}
