/** What a rule of the doctor of PV Calls is: what was seen of a device goes in, what is to be said comes out. */
import type { PvCallsSeen } from '../../model/pvcalls/pvcallsSeen';
import type { PvCallsDiagnosis } from '../../model/pvcalls/pvcallsTypes';

export interface PvCallsRule {
  /** Stable; it names the rule in lists and documents. */
  readonly id: string;
  /** One for each socket or call that it fits. */
  judge(seen: PvCallsSeen, nowMs: number): readonly Omit<PvCallsDiagnosis, 'rule'>[];
}
