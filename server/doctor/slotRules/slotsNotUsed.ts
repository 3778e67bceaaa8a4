/** Nothing was ever published: a device that has only just connected, or that nobody uses. */
import { isReadable, ringRule } from '../rule';

export const slotsNotUsed = ringRule('not-used', (history) => {
  const { slots } = history;
  if (!slots || slots.insane || !isReadable(history)) return undefined;
  if (slots.reqProd !== 0 || slots.rspProd !== 0) return undefined;
  const what = slots.layout.ring.isPosted ? 'has posted no buffer' : 'has asked for nothing';
  return {
    severity: 'fine',
    text: 'not used',
    evidence: [`req_prod and rsp_prod are 0: since the ring was made the frontend ${what}.`],
  };
});
