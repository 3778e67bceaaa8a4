/** A side has said why it failed. */
import type { DeviceRule } from '../deviceRule';
import { sideLine, sideNames } from '../deviceRule';

export const failed: DeviceRule = {
  id: 'failed',
  judge(device, nowMs) {
    const side = sideNames.find((name) => device[name].error !== undefined);
    // What went wrong before the device was connected after all is history.
    const isConnected = device.frontend.state === 4 && device.backend.state === 4;
    if (!side || isConnected) return undefined;
    const { error } = device[side];
    return {
      severity: 'error',
      text: `the ${side} failed: ${error}`,
      evidence: [
        `The domain of the ${side} wrote this below its node error.`,
        sideLine(device, 'frontend', nowMs),
        sideLine(device, 'backend', nowMs),
      ],
    };
  },
};
