/** Bytes wait, and not yet for so long that anybody is to blame; or nothing was read yet. Said when no other rule has anything to say. */
import { ringRule } from '../rule';
import { pairLine } from '../words';

export const settling = ringRule('settling', (history) => {
  if (history.goneSinceMs !== undefined) return undefined;
  if (history.samples === 0) {
    return { severity: 'fine', text: 'not read yet', evidence: ['No sample has been taken yet.'] };
  }
  const waiting = history.directions.filter(({ usedBytes, insane }) => usedBytes > 0 || insane);
  if (waiting.length === 0) return undefined;
  return {
    severity: 'fine',
    text: 'bytes on their way',
    evidence: waiting.map((direction) =>
      direction.insane
        ? `${direction.layout.name}: one sample shows indices that cannot be; the next one decides.`
        : pairLine(direction),
    ),
  };
});
