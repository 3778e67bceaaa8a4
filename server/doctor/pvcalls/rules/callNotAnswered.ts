/** A command waits that a backend answers by itself, with nothing to wait for. */
import type { PvCallsCommand } from '../../../wire/pvcalls/commands';
import { howLong } from '../../words';
import type { PvCallsRule } from '../pvcallsRule';
import { aboutSocket, requestLine, socketOf } from '../words';

/** A RELEASE sends what the guest wrote before it answers; ours takes half a minute for that at most. */
const patienceMs: Readonly<Partial<Record<PvCallsCommand, number>>> = {
  socket: 5_000,
  bind: 5_000,
  listen: 5_000,
  release: 40_000,
};

export const callNotAnswered: PvCallsRule = {
  id: 'call-not-answered',
  judge({ pending }, nowMs) {
    return pending.flatMap((call) => {
      const patience = call.cmd && patienceMs[call.cmd];
      const waitedMs = nowMs - call.seenAt.activeMs;
      if (patience === undefined || waitedMs < patience) return [];
      return [
        {
          severity: 'warning' as const,
          text: `${call.title} of ${socketOf(call)} not answered for ${howLong(waitedMs)}`,
          evidence: [
            requestLine(call),
            'A backend has nothing to wait for here: it has stopped, or a call before this one holds it up.',
          ],
          ...aboutSocket(call),
        },
      ];
    });
  },
};
