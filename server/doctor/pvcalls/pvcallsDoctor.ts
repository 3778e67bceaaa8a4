/**
 * The doctor of PV Calls: what is wrong with the commands of a device, and so with its sockets. Of the command ring
 * and the data rings by themselves the ring doctor speaks, of the device's nodes the device doctor.
 */
import type { PvCallsSeen } from '../../model/pvcalls/pvcallsSeen';
import type { PvCallsDiagnosis, PvCallsSeverity } from '../../model/pvcalls/pvcallsTypes';
import type { PvCallsRule } from './pvcallsRule';
import { callNotAnswered } from './rules/callNotAnswered';
import { foundByOwnEnd } from './rules/foundByOwnEnd';
import { parkedAtReleased } from './rules/parkedAtReleased';
import { stuckConnecting } from './rules/stuckConnecting';

export const pvcallsRules: readonly PvCallsRule[] = [
  parkedAtReleased,
  callNotAnswered,
  stuckConnecting,
  foundByOwnEnd,
];

/** The most serious are told: a device with more is in trouble enough. */
export const maxPvCallsDiagnoses = 64;

const weights: Readonly<Record<PvCallsSeverity, number>> = { fine: 0, note: 1, warning: 2, error: 3 };

/** What is wrong, the most serious first; nothing where all is well. */
export function diagnosePvCalls(seen: PvCallsSeen, nowMs: number): readonly PvCallsDiagnosis[] {
  const all = pvcallsRules.flatMap((rule) =>
    rule.judge(seen, nowMs).map((said): PvCallsDiagnosis => ({ rule: rule.id, ...said })),
  );
  return all
    .sort((one, other) => weights[other.severity] - weights[one.severity])
    .slice(0, maxPvCallsDiagnoses);
}
