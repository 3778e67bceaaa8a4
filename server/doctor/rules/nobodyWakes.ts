/** A vchan is full, and its writer has not asked to be told of room: if it sleeps, nobody will wake it. */
import { VchanNotify } from '../../wire/vchanRings';
import { directionRule } from '../rule';
import { consumerOf, producerOf } from '../words';
import { fullMs } from './full';

export const nobodyWakes = directionRule('nobody-wakes', (direction, history, nowMs) => {
  const { layout, fullSinceMs } = direction;
  const { page, states } = history;
  if (page.layout.kind !== 'vchan' || fullSinceMs === undefined || nowMs - fullSinceMs < fullMs)
    return undefined;
  if (states.cli_live === 0 || states.srv_live === 0) return undefined;
  // Who writes asks whoever reads: the bit lies in the reader's byte.
  const word = layout.consumer === 'server' ? 'srv_notify' : 'cli_notify';
  const bits = states[word] ?? 0;
  if ((bits & VchanNotify.READ) !== 0) return undefined;
  const writer = producerOf(direction, history);
  const reader = consumerOf(direction, history);
  return {
    severity: 'note',
    text: `full, and ${writer} has not asked for a doorbell`,
    evidence: [
      `${word} is ${bits}: ${reader} will not ring when it has read.`,
      `If ${writer} sleeps until there is room, it sleeps for ever; if it only looks now and then, all is well.`,
    ],
  };
});
