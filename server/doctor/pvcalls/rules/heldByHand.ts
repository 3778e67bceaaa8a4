/** A command waits because somebody who intercepts the backend here keeps it: nothing is wrong, and easily forgotten. */
import type { HeldState } from '../../../host/callInterceptor';
import { howLong } from '../../words';
import type { PvCallsRule } from '../pvcallsRule';
import { aboutSocket, requestLine, socketOf } from '../words';

const patienceMs = 5_000;

const words: Readonly<Record<HeldState, string>> = {
  held: 'held in the Intercept panel',
  waiting: 'held back until later, as the Intercept panel says,',
  silent: 'left without an answer, as the Intercept panel says,',
};

export const heldByHand: PvCallsRule = {
  id: 'held-by-hand',
  judge({ pending, held }, nowMs) {
    return pending.flatMap((call) => {
      const state = held.get(call.reqId);
      const waitedMs = nowMs - call.seenAt.activeMs;
      if (!state || waitedMs < patienceMs) return [];
      return [
        {
          severity: 'note' as const,
          text: `${call.title} of ${socketOf(call)} ${words[state]} for ${howLong(waitedMs)}`,
          evidence: [
            requestLine(call),
            'The backend has not seen it. Answer it in the Intercept panel; or turn interception off there, and it passes.',
          ],
          ...aboutSocket(call),
        },
      ];
    });
  },
};
