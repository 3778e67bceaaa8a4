/** A command waits that a backend answers by itself, with nothing to wait for. */
import type { PvCallsCommand } from '../../../wire/pvcalls/commands';
import { howLong } from '../../words';
import type { PvCallsRule } from '../pvcallsRule';
import { aboutSocket, requestLine, socketOf } from '../words';

const patienceMs = 5_000;
/** A CONNECT waits for a network, an ACCEPT and a POLL for somebody who comes. */
const waiting: ReadonlySet<PvCallsCommand> = new Set(['connect', 'accept', 'poll']);

export const callNotAnswered: PvCallsRule = {
  id: 'call-not-answered',
  judge({ pending, held }, nowMs) {
    return pending.flatMap((call) => {
      const mayWait = call.cmd !== undefined && waiting.has(call.cmd);
      const waitedMs = nowMs - call.seenAt.activeMs;
      if (mayWait || waitedMs < patienceMs || held.has(call.reqId)) return [];
      return [
        {
          severity: 'warning' as const,
          text: `${call.title} of ${socketOf(call)} not answered for ${howLong(waitedMs)}`,
          evidence: [
            requestLine(call),
            'A backend has nothing to wait for here: it has stopped, a call before this one holds it up, or somebody holds this one there by hand.',
          ],
          ...aboutSocket(call),
        },
      ];
    });
  },
};
