/**
 * The doctor of PV Calls: what is wrong with the commands of a device, and so with its sockets. Of the command ring
 * and the data rings by themselves the ring doctor speaks, of the device's nodes the device doctor.
 */
import type { PvCallsSeen } from '../../model/pvcalls/pvcallsSeen';
import type { PvCallsDiagnosis } from '../../model/pvcalls/pvcallsTypes';
import { bySeverity } from '../../model/severity';
import type { PvCallsRule } from './pvcallsRule';
import { callNotAnswered } from './rules/callNotAnswered';
import { foundByOwnEnd } from './rules/foundByOwnEnd';
import { heldByHand } from './rules/heldByHand';
import { parkedAtReleased } from './rules/parkedAtReleased';
import { stuckConnecting } from './rules/stuckConnecting';

export const pvcallsRules: readonly PvCallsRule[] = [
  parkedAtReleased,
  callNotAnswered,
  stuckConnecting,
  heldByHand,
  foundByOwnEnd,
];

/** The most serious are told: a device with more is in trouble enough. */
export const maxPvCallsDiagnoses = 64;

/** What is wrong, the most serious first; nothing where all is well. */
export function diagnosePvCalls(seen: PvCallsSeen, nowMs: number): readonly PvCallsDiagnosis[] {
  const all = pvcallsRules.flatMap((rule) =>
    rule.judge(seen, nowMs).map((said): PvCallsDiagnosis => ({ rule: rule.id, ...said })),
  );
  return all.sort(bySeverity).slice(0, maxPvCallsDiagnoses);
}
