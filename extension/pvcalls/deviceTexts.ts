/** What the row of a device says, in the view “PV Calls”, to the eye and to the ear. */
import type { PvCallsDeviceRow, PvCallsEnd } from '../../server/rpc/api';
import { rate } from '../rings/ringTexts';
import { type RowIcon, severityIcon } from '../severityIcon';
import { countOf } from '../values';

/** `till (15)`: as it is called now, or as the server knew it. */
export type NameOf = (end: PvCallsEnd) => string;

/** `till → Domain-0`, with the number of the device where it is not the first. */
export function pvcallsLabel({ devid, frontend, backend }: PvCallsDeviceRow): string {
  const number = devid === '0' ? '' : ` (device ${devid})`;
  return `${frontend.name} → ${backend.name}${number}`;
}

/** Beside the name. What is wrong comes first: the end of a narrow row is cut off. */
export function pvcallsDescription(row: PvCallsDeviceRow): string {
  const [diagnosis] = row.diagnoses;
  const isWrong = diagnosis !== undefined && diagnosis.severity !== 'fine';
  if (row.ring === undefined) {
    // It may well have one that is not seen from here: the hover says why.
    const none = row.unseen === undefined ? 'no command ring' : 'command ring not seen';
    return isWrong ? diagnosis.text : none;
  }
  const moving = [rateOf('in', row.inPerSecond), rateOf('out', row.outPerSecond)];
  return [isWrong ? diagnosis.text : '', socketsText(row), inFlightText(row), ...moving]
    .filter(Boolean)
    .join(' · ');
}

function rateOf(name: string, perSecond: number): string {
  const text = rate(perSecond);
  return text && `${name} ${text}`;
}

/** `6 sockets: 4 connected, 1 listening`. */
function socketsText({ sockets }: PvCallsDeviceRow): string {
  const { all, connected, listening, failed } = sockets;
  if (all === 0) return 'no sockets';
  const kinds = [
    [connected, 'connected'],
    [listening, 'listening'],
    [failed, 'failed'],
  ] as const;
  const told = kinds.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return [countOf(all, 'socket'), told.join(', ')].filter(Boolean).join(': ');
}

function inFlightText({ inFlight }: PvCallsDeviceRow): string {
  return inFlight === 0 ? '' : `${inFlight} in flight`;
}

export function pvcallsIcon({ diagnoses, ring, callsPerSecond }: PvCallsDeviceRow): RowIcon {
  const wrong = severityIcon(diagnoses[0]?.severity);
  if (wrong) return wrong;
  if (ring === undefined) return { icon: 'circle-slash' };
  return callsPerSecond > 0 ? { icon: 'sync', color: 'testing.iconPassed' } : { icon: 'globe' };
}

export function pvcallsTooltip(
  row: PvCallsDeviceRow,
  nameOf: NameOf,
): { readonly title: string; readonly lines: readonly string[] } {
  const { frontend, backend, devid, unseen, diagnoses, callsPerSecond } = row;
  const wrong = diagnoses.filter(({ severity }) => severity !== 'fine');
  return {
    title: `PV Calls device ${devid} of ${nameOf(frontend)}`,
    lines: [
      `The programs of ${nameOf(frontend)} have sockets that ${nameOf(backend)} opens for them.`,
      ...wrong.flatMap(({ text, evidence }) => [`${text}.`, ...evidence]),
      ...(unseen === undefined ? [`${countsSentence(row)}`] : [unseen]),
      ...(callsPerSecond > 0 ? [`${callsPerSecond.toFixed(1)} calls a second.`] : []),
    ],
  };
}

function countsSentence(row: PvCallsDeviceRow): string {
  const waits =
    row.inFlight === 0
      ? 'no command waits for its response'
      : `${countOf(row.inFlight, 'command')} ${row.inFlight === 1 ? 'waits for its' : 'wait for their'} response`;
  return `${socketsText(row)}; ${waits}.`;
}

/** For a screen reader. */
export function pvcallsSpoken(row: PvCallsDeviceRow): string {
  return `PV Calls of ${row.frontend.name}, served by ${row.backend.name}: ${pvcallsDescription(row)}`;
}
