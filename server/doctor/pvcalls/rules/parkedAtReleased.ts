/** A listener was released, and who waited there was not answered: it waits for ever. */
import { howLong } from '../../words';
import type { PvCallsRule } from '../pvcallsRule';
import { requestLine, socketOf } from '../words';

/** The answer belongs before that of the RELEASE; a look may see both at once. */
export const parkedAtReleasedMs = 1_000;

export const parkedAtReleased: PvCallsRule = {
  id: 'parked-at-released',
  judge({ pending }, nowMs) {
    return pending.flatMap((call) => {
      const goneMs = call.socket?.goneAt?.activeMs;
      if ((call.cmd !== 'accept' && call.cmd !== 'poll') || goneMs === undefined) return [];
      const pastMs = nowMs - goneMs;
      if (pastMs < parkedAtReleasedMs) return [];
      return [
        {
          severity: 'error' as const,
          text: `${socketOf(call)} was released ${howLong(pastMs)} ago, and ${call.title} still waits there`,
          evidence: [
            requestLine(call),
            'A backend answers who waits at a listener, with EBADF, before it answers the RELEASE.',
            'The slot of the request is lost until the device is connected anew.',
          ],
        },
      ];
    });
  },
};
