/** A side has made a move that the rules do not have. */
import { xenbusMoves } from '../../../wire/xenbusDance';
import type { XenbusState } from '../../../wire/xenbusState';
import type { DeviceRule } from '../deviceRule';
import { howLong } from '../deviceRule';
import { xenbusStateText } from '../words';

/** What happened longer ago is history. */
export const rememberedMs = 10 * 60_000;

export const illegalMove: DeviceRule = {
  id: 'illegal-move',
  judge({ history }, nowMs) {
    const step = history.findLast(({ isIllegal }) => isIllegal);
    if (!step || nowMs - step.timeMs > rememberedMs) return undefined;
    const { side, from, to } = step;
    const legal = xenbusMoves(side, from as XenbusState).map(xenbusStateText);
    return {
      severity: 'warning',
      text: `illegal move: the ${side} went from ${xenbusStateText(from)} to ${xenbusStateText(to)}`,
      evidence: [
        `That was ${howLong(nowMs - step.timeMs)} ago, with no state seen between them.`,
        `From ${xenbusStateText(from)} a ${side} may go to ${legal.join(', ') || 'nothing'}.`,
        'The other side may wait for a state that it will never see.',
      ],
    };
  },
};
