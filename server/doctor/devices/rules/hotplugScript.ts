/** The frontend has done its part, and the backend waits for the script that sets the device up in its own domain. */
import type { DeviceSeen } from '../../../model/devices/deviceSeen';
import type { DeviceDiagnosis } from '../../../model/devices/deviceTypes';
import type { DeviceRule } from '../deviceRule';
import { howLong, lastMoveMs, sideLine } from '../deviceRule';
import { stuckMs } from './stuck';

const initWait = 2;

export const hotplugScript: DeviceRule = {
  id: 'hotplug-script',
  judge(device, nowMs) {
    const { backend } = device;
    const script = valueOf(device, 'script');
    if (script === undefined || !backend.exists || backend.state !== initWait) return undefined;
    const status = valueOf(device, 'hotplug-status');
    if (status === 'error') return failedScript(device, script, nowMs);
    return status === undefined ? silentScript(device, script, nowMs) : undefined;
  },
};

type Said = Omit<DeviceDiagnosis, 'rule'>;

function silentScript(device: DeviceSeen, script: string, nowMs: number): Said | undefined {
  const movedMs = lastMoveMs(device);
  const isSoon = movedMs !== undefined && nowMs - movedMs < stuckMs;
  // Before the frontend has published its rings the script holds nobody up.
  if (isSoon || device.turn.who !== 'backend') return undefined;
  const longText = movedMs === undefined ? '' : ` for ${howLong(nowMs - movedMs)}`;
  return {
    severity: 'warning',
    text: `stuck${longText}: the backend waits for its hotplug script, which has not answered`,
    evidence: [
      sideLine(device, 'frontend', nowMs),
      sideLine(device, 'backend', nowMs),
      `There is no ${device.backend.path}/hotplug-status: ${script} has not said that the device is plugged.`,
      `The script runs in domain ${device.backend.domid}: look there whether it still runs, or why it ended without a word.`,
      'The frontend has nothing more to do. The backend goes on when the node says "connected", or when the device is begun anew.',
    ],
  };
}

function failedScript(device: DeviceSeen, script: string, nowMs: number): Said {
  const why = valueOf(device, 'hotplug-error');
  return {
    severity: 'error',
    text: why === undefined ? 'the hotplug script failed' : `the hotplug script failed: ${why}`,
    evidence: [
      `${device.backend.path}/hotplug-status is "error": ${script} could not set the device up.`,
      sideLine(device, 'frontend', nowMs),
      sideLine(device, 'backend', nowMs),
    ],
  };
}

function valueOf({ published }: DeviceSeen, name: string): string | undefined {
  return published.backend.find((node) => node.name === name)?.value;
}
