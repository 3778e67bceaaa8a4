/** Nothing waits and nothing moves: the healthy rest of a ring. */
import { isReadable, ringRule } from '../rule';
import { resetLines } from '../words';
import { flowingWindowMs } from './flowing';

export const idle = ringRule('idle', (history, nowMs) => {
  if (!isReadable(history)) return undefined;
  const isQuiet = history.directions.every(
    ({ usedBytes, insane, movedMs }) =>
      usedBytes === 0 && !insane && (movedMs === undefined || nowMs - movedMs > flowingWindowMs),
  );
  if (!isQuiet) return undefined;
  return {
    severity: 'fine',
    text: 'idle',
    evidence: [
      ...history.directions.map(
        ({ layout }) => `${layout.prodWord} and ${layout.consWord} are equal and stand still.`,
      ),
      ...resetLines(history, nowMs),
    ],
  };
});
