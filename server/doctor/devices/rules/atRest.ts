/** Nothing is wrong: in use, on its way, or closed. */
import type { DeviceRule } from '../deviceRule';
import { sideLine } from '../deviceRule';
import { xenbusStateText } from '../words';

export const atRest: DeviceRule = {
  id: 'at-rest',
  judge(device, nowMs) {
    const { turn, frontend, backend } = device;
    const lines = [sideLine(device, 'frontend', nowMs), sideLine(device, 'backend', nowMs)];
    if (frontend.state === 4 && backend.state === 4)
      return { severity: 'fine', text: 'connected', evidence: lines };
    if (turn.who === 'nobody') return { severity: 'fine', text: turn.why, evidence: lines };
    const to = turn.to === undefined ? '' : ` to go to ${xenbusStateText(turn.to)}`;
    return { severity: 'fine', text: `on its way: waits for the ${turn.who}${to}`, evidence: lines };
  },
};
