/** Requests or responses were published within the last second. */
import { isReadable, ringRule } from '../rule';
import { flowingWindowMs } from '../rules/flowing';
import { slotPairLine } from '../slotWords';
import { grouped } from '../words';

export const slotsFlowing = ringRule('flowing', (history, nowMs) => {
  const { slots, tornRun } = history;
  if (!slots || slots.insane || history.goneSinceMs !== undefined) return undefined;
  const isMoving = slots.movedMs !== undefined && nowMs - slots.movedMs <= flowingWindowMs;
  if (!isMoving && tornRun === 0) return undefined;
  const evidence = isReadable(history)
    ? [
        slotPairLine(slots),
        `${grouped(Math.round(slots.requestsPerSecond))} requests per second, ${grouped(Math.round(slots.responsesPerSecond))} responses.`,
      ]
    : [];
  if (tornRun > 0) evidence.push(`The indices moved while they were read, ${tornRun} times.`);
  return { severity: 'fine', text: 'flowing', evidence };
});
