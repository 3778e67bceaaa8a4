/** Indices move: both sides do their work. */
import { movementRememberedMs } from '../../model/rings/remembered';
import { ringRule } from '../rule';
import { grouped, resetLines } from '../words';

/** What moved within this time is flowing. */
export const flowingWindowMs = movementRememberedMs;

export const flowing = ringRule('flowing', (history, nowMs) => {
  const { directions, samples, goneSinceMs, reconnectSinceMs, tornRun } = history;
  if (goneSinceMs !== undefined || reconnectSinceMs !== undefined) return undefined;
  const moving = directions.filter(
    ({ movedMs, insane }) => !insane && movedMs !== undefined && nowMs - movedMs <= flowingWindowMs,
  );
  if (moving.length === 0 && tornRun === 0) return undefined;
  const evidence = moving.map(
    ({ layout, producedPerSecond, consumedPerSecond }) =>
      `${layout.name}: ${grouped(Math.round(producedPerSecond))} bytes per second written, ${grouped(Math.round(consumedPerSecond))} read.`,
  );
  if (tornRun > 0) {
    const since = samples === 0 ? 'from the first look on' : 'since the last good sample';
    evidence.push(`The indices moved while they were read, ${tornRun} times ${since}.`);
  }
  evidence.push(...resetLines(history, nowMs));
  return { severity: 'fine', text: 'flowing', evidence };
});
