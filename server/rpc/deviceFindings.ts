/**
 * What the device doctor found on one host that somebody should know, told to the editor whether it shows
 * devices or not. That a device has no driver in its guest is a note of its row, and no problem.
 */
import type { DeviceRow } from '../model/devices/deviceTypes';
import type { ApiNotifications, DeviceFinding } from './api';

/** Findings that differ only in their numbers are told again this often at most. */
export const sameDeviceFindingsIntervalMs = 5_000;
/** The most serious are told; a host with more is in trouble enough. */
export const maxDeviceFindings = 1_000;

export interface DeviceFindingsOptions {
  readonly host: string;
  readonly send: (news: ApiNotifications['xenscope/deviceFindings']) => void;
}

export class DeviceFindings {
  readonly #options: DeviceFindingsOptions;
  #told = '[]';
  #toldMs = -Infinity;

  constructor(options: DeviceFindingsOptions) {
    this.#options = options;
  }

  /** All devices as they are now. Tells what is found where it is other than before. */
  take(rows: readonly DeviceRow[], nowMs: number): void {
    const findings = findingsOf(rows);
    const words = JSON.stringify(findings.map(({ id, severity, text }) => [id, severity, unnumbered(text)]));
    const isOld = nowMs - this.#toldMs >= sameDeviceFindingsIntervalMs;
    if (words === this.#told && !(isOld && findings.length > 0)) return;
    this.#told = words;
    this.#toldMs = nowMs;
    this.#send(findings);
  }

  close(): void {
    if (this.#told !== '[]') this.#send([]);
    this.#told = '[]';
  }

  #send(findings: readonly DeviceFinding[]): void {
    const { host, send } = this.#options;
    send({ host, findings });
  }
}

function findingsOf(rows: readonly DeviceRow[]): DeviceFinding[] {
  const all = rows.flatMap(({ id: device, diagnoses }) => {
    const times = new Map<string, number>();
    return diagnoses.flatMap(({ rule, severity, text, evidence }): DeviceFinding[] => {
      if (severity !== 'warning' && severity !== 'error') return [];
      // Some rules say the same of several parts of a device, e.g. of its sockets.
      const time = times.get(rule) ?? 0;
      times.set(rule, time + 1);
      const id = time === 0 ? `${device} ${rule}` : `${device} ${rule} ${time + 1}`;
      return [{ id, device, rule, severity, text, evidence }];
    });
  });
  if (all.length <= maxDeviceFindings) return all;
  const errors = all.filter(({ severity }) => severity === 'error');
  return [...errors, ...all.filter(({ severity }) => severity !== 'error')].slice(0, maxDeviceFindings);
}

/** `stuck for 20 s` is what it was a second ago. */
const unnumbered = (text: string) => text.replace(/[0-9]+ (?:ms|s|min)\b/g, '');
