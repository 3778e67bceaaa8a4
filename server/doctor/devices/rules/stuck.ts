/** Somebody has to move, and has not for longer than any dance takes. */
import type { DeviceSeen } from '../../../model/devices/deviceSeen';
import type { DeviceDiagnosis } from '../../../model/devices/deviceTypes';
import type { DeviceRule } from '../deviceRule';
import { howLong, lastMoveMs, sideLine } from '../deviceRule';
import { xenbusStateText } from '../words';

/** Hotplug scripts and slow guests take some seconds. */
export const stuckMs = 10_000;

export const stuck: DeviceRule = {
  id: 'stuck',
  judge(device, nowMs) {
    const { turn } = device;
    if (turn.who === 'nobody') return undefined;
    const movedMs = lastMoveMs(device);
    if (movedMs !== undefined && nowMs - movedMs < stuckMs) return undefined;
    const longText = movedMs === undefined ? '' : ` for ${howLong(nowMs - movedMs)}`;
    return { ...saying(device, longText), evidence: evidenceOf(device, nowMs) };
  },
};

function saying(device: DeviceSeen, longText: string): Pick<DeviceDiagnosis, 'severity' | 'text'> {
  const { frontend, backend, turn } = device;
  if (frontend.state === 1 && backend.state === 2) {
    if (hasDriver(device)) {
      return {
        severity: 'warning',
        text: `stuck${longText}: waits for the frontend, which began anew and has not taken in that the backend is ready`,
      };
    }
    // A guest without a driver for it leaves a device as it was made: that is nobody's mistake.
    return { severity: 'note', text: `not taken${longText}: no driver in the guest has begun with it` };
  }
  return { severity: 'warning', text: `stuck${longText}: waits for the ${turn.who}, ${turn.why}` };
}

/** Somebody in the guest has moved the device: what makes one writes its first state only. */
const hasDriver = ({ history }: DeviceSeen) =>
  history.some(({ side, from, to }) => side === 'frontend' && from !== 0 && to !== 0);

function evidenceOf(device: DeviceSeen, nowMs: number): string[] {
  const { turn, frontend, backend } = device;
  return [
    sideLine(device, 'frontend', nowMs),
    sideLine(device, 'backend', nowMs),
    ...(turn.to === undefined ? [] : [`The ${turn.who} is expected to go to ${xenbusStateText(turn.to)}.`]),
    ...(frontend.state === 1 && backend.state === 2 && hasDriver(device)
      ? [
          `It has moved before, so there is a driver, and the driver may have missed that ${backend.path}/state changed.`,
          'Have it look again: reconnect the device, or write that state once more.',
        ]
      : []),
    ...(frontend.state === 1 && backend.state === 6
      ? [
          'A backend that has given the device up, as Linux’s does when a frontend’s state cannot be read, follows no more. Force Close, and then Bring Online, has both ends begin anew.',
        ]
      : []),
    ...(frontend.state === 5 && backend.state === 2
      ? [
          'Windows’ drivers close a device before they connect it; a backend that answers only frontends that were connected leaves them waiting.',
        ]
      : []),
  ];
}
