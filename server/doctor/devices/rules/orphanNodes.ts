/** A folder where a device was, or was to be: other nodes, and no state. */
import type { DeviceRule } from '../deviceRule';
import { sideNames } from '../deviceRule';

export const orphanNodes: DeviceRule = {
  id: 'orphan-nodes',
  judge(device) {
    const side = sideNames.find((name) => device[name].exists && device[name].state === 0);
    if (!side) return undefined;
    return {
      severity: 'warning',
      text: `orphan nodes: the ${side} has no state`,
      evidence: [
        `${device[side].path} is there, and its state is missing or means nothing.`,
        'A driver that writes after the device was removed brings the folder back without a state; nobody takes such a device.',
      ],
    };
  },
};
