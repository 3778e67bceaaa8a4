/** What a rule of the device doctor is: what is known of a device goes in, what is to be said comes out. */
import type { DeviceSeen } from '../../model/devices/deviceSeen';
import type { DeviceDiagnosis, DeviceSideName } from '../../model/devices/deviceTypes';
import { xenbusStateText } from './words';

export interface DeviceRule {
  /** Stable; it names the rule in lists and documents. */
  readonly id: string;
  /** Undefined when it does not fit. */
  judge(device: DeviceSeen, nowMs: number): Omit<DeviceDiagnosis, 'rule'> | undefined;
}

export const sideNames: readonly DeviceSideName[] = ['frontend', 'backend'];

/** `frontend /local/domain/3/device/vif/0 is InitWait since 14 s.` */
export function sideLine(device: DeviceSeen, side: DeviceSideName, nowMs: number): string {
  const { path, state, sinceMs, exists } = device[side];
  if (!exists) return `There is no ${side}${path === '' ? '' : ` at ${path}`}.`;
  const since = sinceMs === undefined ? '' : `, for ${howLong(nowMs - sinceMs)}`;
  return `The ${side} ${path} is ${xenbusStateText(state)}${since}.`;
}

/** `350 ms`, `4 s`, `3 min`: the coarser the longer. */
export function howLong(ms: number): string {
  if (ms < 1_000) return `${Math.max(Math.floor(ms / 50) * 50, 0)} ms`;
  return ms < 120_000 ? `${Math.floor(ms / 1_000)} s` : `${Math.floor(ms / 60_000)} min`;
}

/** Since when neither side has moved; undefined where nobody has seen it move. */
export function lastMoveMs({ frontend, backend }: DeviceSeen): number | undefined {
  const times = [frontend.sinceMs, backend.sinceMs].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}
