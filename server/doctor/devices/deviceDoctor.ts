/** The device doctor: all its rules, from the most telling to the least. */
import type { DeviceSeen } from '../../model/devices/deviceSeen';
import type { DeviceDiagnosis } from '../../model/devices/deviceTypes';
import { bySeverity } from '../../model/severity';
import type { DeviceRule } from './deviceRule';
import { atRest } from './rules/atRest';
import { failed } from './rules/failed';
import { halfRemoved } from './rules/halfRemoved';
import { hotplugScript } from './rules/hotplugScript';
import { illegalMove } from './rules/illegalMove';
import { leakedBackend } from './rules/leakedBackend';
import { missingPermission } from './rules/missingPermission';
import { namesAnother } from './rules/namesAnother';
import { orphanNodes } from './rules/orphanNodes';
import { ringNotMappable } from './rules/ringNotMappable';
import { pvcallsVersions } from './rules/pvcallsVersions';
import { stuck } from './rules/stuck';

export const deviceRules: readonly DeviceRule[] = [
  failed,
  namesAnother,
  missingPermission,
  ringNotMappable,
  pvcallsVersions,
  leakedBackend,
  halfRemoved,
  orphanNodes,
  hotplugScript,
  stuck,
  illegalMove,
  atRest,
];

/** What is to be said of a device, the most serious first; at least one thing. */
export function diagnoseDevice(device: DeviceSeen, nowMs: number): readonly DeviceDiagnosis[] {
  const all = deviceRules.flatMap((rule) => {
    const said = rule.judge(device, nowMs);
    return said ? [{ rule: rule.id, ...said }] : [];
  });
  const troubles = all.filter(({ severity }) => severity !== 'fine');
  // One that cannot be explained better is stuck; whoever knows why says it instead.
  const isExplained = troubles.some(({ rule }) => rule !== 'stuck' && rule !== 'illegal-move');
  const said = isExplained ? troubles.filter(({ rule }) => rule !== 'stuck') : troubles;
  if (said.length === 0) return all.slice(0, 1);
  return said.sort(bySeverity);
}

/** With troubles that somebody else found of the same device: that it is at rest as well is no news then. */
export function joinDiagnoses(
  said: readonly DeviceDiagnosis[],
  troubles: readonly DeviceDiagnosis[],
): readonly DeviceDiagnosis[] {
  if (troubles.length === 0) return said;
  return [...said.filter(({ severity }) => severity !== 'fine'), ...troubles].sort(bySeverity);
}
