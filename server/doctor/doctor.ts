/**
 * The ring doctor: all its rules, from the most telling to the least. Of verdicts that are equally
 * serious the one of the earlier rule comes first.
 */
import type { RingHistory } from '../model/rings/ringHistory';
import type { RingDiagnosis } from '../model/rings/ringTypes';
import { bySeverity } from '../model/severity';
import type { Rule } from './rule';
import { backpressureIgnored } from './rules/backpressureIgnored';
import { errorIgnored } from './rules/errorIgnored';
import { errorWord } from './rules/errorWord';
import { flowing } from './rules/flowing';
import { full } from './rules/full';
import { idle } from './rules/idle';
import { indexInsane } from './rules/indexInsane';
import { nobodyWakes } from './rules/nobodyWakes';
import { notifyLost } from './rules/notifyLost';
import { notUsed } from './rules/notUsed';
import { peerGone } from './rules/peerGone';
import { readerNotLooking } from './rules/readerNotLooking';
import { reconnecting } from './rules/reconnecting';
import { requestWaiting } from './rules/requestWaiting';
import { settling } from './rules/settling';
import { standstill } from './rules/standstill';
import { noBuffers } from './slotRules/noBuffers';
import { notAnswered } from './slotRules/notAnswered';
import { responsesNotTaken } from './slotRules/responsesNotTaken';
import { slotsFlowing } from './slotRules/slotsFlowing';
import { slotsFull } from './slotRules/slotsFull';
import { slotsIdle } from './slotRules/slotsIdle';
import { slotsInsane } from './slotRules/slotsInsane';
import { slotsNotUsed } from './slotRules/slotsNotUsed';
import { slotsSettling } from './slotRules/slotsSettling';
import { unknownLayout } from './slotRules/unknownLayout';

export const rules: readonly Rule[] = [
  backpressureIgnored,
  indexInsane,
  errorWord,
  errorIgnored,
  reconnecting,
  notifyLost,
  full,
  standstill,
  nobodyWakes,
  peerGone,
  requestWaiting,
  readerNotLooking,
  flowing,
  settling,
  notUsed,
  idle,
];

/** Those for rings of requests and responses, and for pages of which nobody knows what they mean. */
export const slotRules: readonly Rule[] = [
  slotsInsane,
  slotsFull,
  notAnswered,
  responsesNotTaken,
  noBuffers,
  peerGone,
  slotsFlowing,
  slotsNotUsed,
  slotsSettling,
  slotsIdle,
  unknownLayout,
];

/** What is to be said of a ring, the most serious first; at least one thing. */
export function diagnose(history: RingHistory, nowMs: number): readonly RingDiagnosis[] {
  const all: RingDiagnosis[] = [];
  const those = history.directions.length > 0 ? rules : slotRules;
  for (const rule of those) for (const diagnosis of rule.judge(history, nowMs)) all.push(diagnosis);
  const troubles = all.filter(({ severity }) => severity !== 'fine');
  // That a ring flows as well is no news where something is wrong with it; and one word of peace is enough.
  const said = troubles.length > 0 ? troubles : all.slice(0, 1);
  return said.sort(bySeverity);
}
