/** A CONNECT waits for longer than a network that answers at all. */
import { howLong } from '../../words';
import type { PvCallsRule } from '../pvcallsRule';
import { aboutSocket, requestLine, socketOf } from '../words';

/** A first packet that is lost costs seconds. */
export const stuckConnectingMs = 10_000;

export const stuckConnecting: PvCallsRule = {
  id: 'stuck-connecting',
  judge({ pending, held }, nowMs) {
    return pending.flatMap((call) => {
      const waitedMs = nowMs - call.seenAt.activeMs;
      if (call.cmd !== 'connect' || waitedMs < stuckConnectingMs || held.has(call.reqId)) return [];
      const remote = call.socket?.remote;
      const to = remote === undefined ? '' : ` to ${remote}`;
      return [
        {
          severity: 'warning' as const,
          text: `${socketOf(call)} has been connecting${to} for ${howLong(waitedMs)}`,
          evidence: [
            requestLine(call),
            'Nobody has accepted the connection, and nobody has refused it: a firewall may drop what is sent, or somebody holds the call by hand at the backend.',
            'Linux’s backend serves no other command meanwhile.',
          ],
          ...aboutSocket(call),
        },
      ];
    });
  },
};
