/** A backend's folder whose guest is gone: what a toolstack that died, or failed, left behind. */
import type { DeviceRule } from '../deviceRule';
import { sideLine } from '../deviceRule';

export const leakedBackend: DeviceRule = {
  id: 'leaked-backend',
  judge(device, nowMs) {
    const { frontend, backend, hasDomain } = device;
    if (!backend.exists || frontend.exists || hasDomain(frontend.domid)) return undefined;
    return {
      severity: 'warning',
      text: `left behind: domain ${frontend.domid}, which it served, is gone`,
      evidence: [
        sideLine(device, 'backend', nowMs),
        `Domain ${frontend.domid} has ended.`,
        'The nodes can be removed; a later domain with the same number would find them.',
      ],
    };
  },
};
