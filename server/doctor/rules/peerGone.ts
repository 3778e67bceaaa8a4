/** There is nobody at the other end: the page is gone, or nobody serves it. */
import type { RingHistory } from '../../model/rings/ringHistory';
import { ringRule } from '../rule';
import { consumerOf, grouped, pairLine } from '../words';

/** A domain may write before whoever serves it has connected. */
export const peerAbsentMs = 1_000;

export const peerGone = ringRule(
  'peer-gone',
  (history, nowMs) => pageGone(history) ?? notServed(history) ?? hasLeft(history) ?? notBound(history, nowMs),
);

function pageGone(history: RingHistory) {
  if (history.goneSinceMs === undefined) return undefined;
  if (history.unreadable !== undefined) {
    return {
      severity: 'warning' as const,
      text: 'the page cannot be read now',
      evidence: [`Reading it failed: ${history.unreadable}`, 'It is tried again with each sample.'],
    };
  }
  if (history.page.layout.kind === 'device') return ringGone(history);
  const unread = history.directions.filter(({ usedBytes }) => usedBytes > 0);
  return {
    // Domains end every day; what they left unread may matter.
    severity: unread.length > 0 ? ('note' as const) : ('fine' as const),
    text: `peer gone: domain ${history.page.domid} no longer has this page`,
    evidence: [
      'The page can no longer be read: its domain ended, or gave it up.',
      ...unread.map(
        ({ layout, usedBytes }) => `${grouped(usedBytes)} bytes of ${layout.name} were never read.`,
      ),
    ],
  };
}

/** A device that closes takes its rings back, which is nothing to worry about. */
function ringGone({ page, directions, slots }: RingHistory) {
  const unanswered = slots && !slots.layout.ring.mayWait ? slots.inFlight : 0;
  const unread = directions.filter(({ usedBytes }) => usedBytes > 0);
  const evidence = ['The ring is shared no more: the device closed, or its domain ended.'];
  if (unanswered === 1) evidence.push('1 request was never answered.');
  else if (unanswered > 0) evidence.push(`${grouped(unanswered)} requests were never answered.`);
  for (const { layout, usedBytes } of unread) {
    evidence.push(`${grouped(usedBytes)} bytes of ${layout.name} were never read.`);
  }
  return {
    severity: unanswered > 0 || unread.length > 0 ? ('note' as const) : ('fine' as const),
    text: `closed: domain ${page.domid} shares this ring no more`,
    evidence,
  };
}

/** A console says itself whether anybody serves it. */
function notServed(history: RingHistory) {
  const { page, states, samples } = history;
  if (page.layout.kind !== 'console' || samples === 0 || (states.connection ?? 0) === 0) return undefined;
  const unread = history.directions.filter(
    ({ layout, usedBytes }) => layout.consumer === 'server' && usedBytes > 0,
  );
  return {
    severity: unread.length > 0 ? ('warning' as const) : ('note' as const),
    text: `peer gone: nobody serves this console`,
    evidence: [`connection is ${states.connection}: nobody serves the console.`, ...unread.map(pairLine)],
  };
}

/** A vchan says itself who is there. */
function hasLeft({ page, states, samples, directions }: RingHistory) {
  if (page.layout.kind !== 'vchan' || samples === 0) return undefined;
  const gone = states.srv_live === 0 ? 'server' : states.cli_live === 0 ? 'client' : undefined;
  if (gone === undefined) return undefined;
  const unread = directions.filter(({ usedBytes }) => usedBytes > 0);
  return {
    severity: unread.length > 0 ? ('note' as const) : ('fine' as const),
    text: `peer gone: the ${gone} has left${unreadText(unread)}`,
    evidence: [
      gone === 'server' ? 'srv_live is 0.' : 'cli_live is 0; a persistent server waits for the next client.',
      ...unread.map(pairLine),
    ],
  };
}

function unreadText(unread: readonly { readonly usedBytes: number }[]): string {
  const bytes = unread.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  if (bytes === 0) return '';
  return `, ${grouped(bytes)} ${bytes === 1 ? 'byte' : 'bytes'} unread`;
}

/** Simulated hosts only: bytes wait for somebody who is not bound to the doorbell. */
function notBound(history: RingHistory, nowMs: number) {
  const { inside, reconnectSinceMs, samples } = history;
  if (!inside || samples === 0 || reconnectSinceMs !== undefined) return undefined;
  const waiting = history.directions.find(({ layout, waitingSinceMs }) => {
    const told = layout.consumer === 'server' ? inside.toldServer : inside.toldGuest;
    return told === undefined && waitingSinceMs !== undefined && nowMs - waitingSinceMs >= peerAbsentMs;
  });
  if (!waiting) return undefined;
  const who = consumerOf(waiting, history);
  return {
    severity: 'warning' as const,
    text: `peer gone: ${who} is not connected`,
    evidence: [pairLine(waiting), `Nobody is bound to the event channel on the side of ${who}.`],
  };
}
