/** One end is there and the other is not, though both domains live. */
import type { DeviceRule } from '../deviceRule';
import { lastMoveMs, sideLine } from '../deviceRule';

/** A toolstack removes one folder after the other. */
export const removalMs = 2_000;

export const halfRemoved: DeviceRule = {
  id: 'half-removed',
  judge(device, nowMs) {
    const { frontend, backend, hasDomain } = device;
    if (frontend.exists === backend.exists) return undefined;
    const there = frontend.exists ? frontend : backend;
    const missing = frontend.exists ? 'backend' : 'frontend';
    // The rule for what a dead guest left speaks then.
    if (!frontend.exists && !hasDomain(frontend.domid)) return undefined;
    const movedMs = lastMoveMs(device);
    if (movedMs !== undefined && nowMs - movedMs < removalMs) return undefined;
    const isDomainGone = missing === 'backend' && !hasDomain(backend.domid);
    return {
      severity: 'warning',
      text: isDomainGone
        ? `half removed: domain ${backend.domid}, which served it, is gone`
        : `half removed: there is no ${missing}`,
      evidence: [
        sideLine(device, 'frontend', nowMs),
        sideLine(device, 'backend', nowMs),
        `${there.path} names it. Whoever removed one folder has to remove the other, or add the device anew.`,
      ],
    };
  },
};
