/**
 * Bytes came, and their reader was not told: the notification is lost. Only a simulated host shows
 * this, because there the pending bit and the count of notifications can be seen.
 */
import { directionRule } from '../rule';
import { consumerOf, howLong, pairLine, producerOf } from '../words';

/** Between writing an index and ringing lies one micro-step; a world may draw it out. */
export const notifyLostMs = 300;

export const notifyLost = directionRule('notify-lost', (direction, history, nowMs) => {
  const { layout, untoldSinceMs } = direction;
  if (untoldSinceMs === undefined || nowMs - untoldSinceMs < notifyLostMs) return undefined;
  const reader = consumerOf(direction, history);
  const told = layout.consumer === 'server' ? history.inside?.toldServer : history.inside?.toldGuest;
  return {
    severity: 'error',
    text: `notify lost ${howLong(nowMs - untoldSinceMs)} ago, ${reader} does not know of the data`,
    evidence: [
      pairLine(direction),
      `${producerOf(direction, history)} moved ${layout.prodWord}, and since then no notification is pending for ${reader}.`,
      `${reader} was told ${told} times in all, and not once after that.`,
    ],
  };
});
