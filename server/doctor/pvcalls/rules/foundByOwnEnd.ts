/** One end of the device is ours, and it found something wrong with the other. */
import type { PvCallsSeverity } from '../../../model/pvcalls/pvcallsTypes';
import type { PvCallsRule } from '../pvcallsRule';

/** What is only refused does no harm; all else breaks a rule. */
const severities: Readonly<Record<string, PvCallsSeverity>> = {
  badRing: 'error',
  unaskedResponse: 'error',
  wrongResponse: 'error',
  refusedAddress: 'note',
  backlogFull: 'note',
};

export const foundByOwnEnd: PvCallsRule = {
  id: 'found-by-own-end',
  judge({ ends }) {
    return ends.map(({ side, kind, text, count }) => ({
      severity: severities[kind] ?? 'warning',
      text: `found by the ${side}: ${unpunctuated(text)}`,
      evidence: [
        text,
        count === 1
          ? 'It was found once.'
          : `Of this kind (${kind}) it found ${count} so far; this is the last.`,
      ],
    }));
  },
};

/** A clause, of a sentence. */
function unpunctuated(text: string): string {
  return text.replace(/\.$/, '');
}
