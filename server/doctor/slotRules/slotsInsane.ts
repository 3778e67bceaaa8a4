/** More in flight than there are slots, or more responses than requests: no honest end produces that. */
import { ringRule } from '../rule';
import { grouped, hex } from '../words';

/** One sample may catch a word half written; two in a row do not. */
export const insaneSamples = 2;

export const slotsInsane = ringRule('index-insane', ({ slots, goneSinceMs }) => {
  const insane = slots?.insane;
  if (!slots || !insane || goneSinceMs !== undefined || insane.samples < insaneSamples) return undefined;
  const { reqProd, rspProd, distance, responsesAhead, before } = insane;
  const pair = `req_prod is ${hex(reqProd)} and rsp_prod ${hex(rspProd)}`;
  const evidence =
    responsesAhead === undefined
      ? [
          `${pair}: ${grouped(distance)} requests in flight, in a ring of ${grouped(slots.layout.slots)} slots.`,
        ]
      : [`${pair}: ${grouped(responsesAhead)} responses more than there were requests.`];
  if (before) {
    evidence.push(`The last pair that made sense was ${hex(before.reqProd)} and ${hex(before.rspProd)}.`);
    evidence.push(...blame(reqProd !== before.reqProd, rspProd !== before.rspProd));
  }
  evidence.push('A backend that checks stops for good; a frontend that checks gives the device up.');
  const text =
    responsesAhead === undefined
      ? `index insane: indices ${hex(reqProd)} / ${hex(rspProd)}`
      : `index insane: ${grouped(responsesAhead)} responses ahead of the requests`;
  return { severity: 'error', text, evidence };
});

function blame(isRequestOther: boolean, isResponseOther: boolean): string[] {
  if (isRequestOther && !isResponseOther)
    return ['req_prod changed and rsp_prod did not: the frontend’s word is wrong.'];
  if (isResponseOther && !isRequestOther)
    return ['rsp_prod changed and req_prod did not: the backend’s word is wrong.'];
  return [];
}
