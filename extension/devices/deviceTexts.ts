/** What a row of the view “Devices” says, to the eye and to the ear. */
import type { DeviceRow, DeviceSide, DeviceSideName } from '../../server/rpc/api';
import { type RowIcon, severityIcon } from '../severityIcon';

const stateNames = [
  'Unknown',
  'Initialising',
  'InitWait',
  'Initialised',
  'Connected',
  'Closing',
  'Closed',
  'Reconfiguring',
  'Reconfigured',
];

/** What a state means, for somebody who has never heard of it. */
const meanings: Readonly<Record<DeviceSideName, readonly string[]>> = {
  frontend: [
    'There is no state here, or it cannot be read.',
    'The device was made, or begins anew; the guest has not set up its rings yet.',
    'Frontends have no use for this state.',
    'The guest has set up its rings and waits for the backend.',
    'The guest uses the device.',
    'The guest wants to stop using the device.',
    'The guest has stopped using the device; its rings are gone.',
    'The guest changes the device while it is in use.',
    'The guest has changed the device while it is in use.',
  ],
  backend: [
    'There is no state here, or it cannot be read.',
    'The device was made; no backend has prepared it yet.',
    'The backend is ready and waits for the guest.',
    'The backend is ready and waits for the guest.',
    'The backend serves the guest.',
    'The backend wants to stop, or was told to.',
    'The backend has stopped; it holds nothing of the guest.',
    'The backend changes the device while it is in use.',
    'The backend has changed the device while it is in use.',
  ],
};

export function stateName(state: number): string {
  return stateNames[state] ?? `state ${state}`;
}

export function stateMeaning(side: DeviceSideName, state: number): string {
  return meanings[side][state] ?? 'This number is no state.';
}

/** `vif 0`. */
export function deviceLabel({ kind, devid }: DeviceRow): string {
  return `${kind} ${devid}`;
}

/** The arrow points at whoever has to move. */
const arrows = { frontend: '←', backend: '→', nobody: '=' } as const;

/** `Initialised → InitWait · stuck for 20 s: …`; the frontend is on the left. */
export function deviceDescription({ frontend, backend, turn, diagnoses }: DeviceRow): string {
  const pair = `${sideWord(frontend)} ${arrows[turn.who]} ${sideWord(backend)}`;
  const [diagnosis] = diagnoses;
  return diagnosis && diagnosis.severity !== 'fine' ? `${pair} · ${diagnosis.text}` : pair;
}

function sideWord({ exists, state }: DeviceSide): string {
  return exists ? stateName(state) : 'gone';
}

export function sideDescription({ path, exists, state }: DeviceSide): string {
  return [exists ? stateName(state) : 'gone', path].filter((word) => word !== '').join(' · ');
}

export function deviceIcon({ diagnoses, turn }: DeviceRow): RowIcon {
  const wrong = severityIcon(diagnoses[0]?.severity);
  return wrong ?? { icon: turn.who === 'nobody' ? 'pass' : 'sync' };
}

export interface DeviceTooltip {
  readonly title: string;
  readonly lines: readonly string[];
}

export function deviceTooltip(device: DeviceRow, ownerOf: (domid: number) => string): DeviceTooltip {
  const { frontend, backend, turn, diagnoses, online } = device;
  const side = (name: DeviceSideName, { domid, state, exists }: DeviceSide) =>
    `${name === 'frontend' ? 'Frontend' : 'Backend'} in ${ownerOf(domid)}: ${
      exists ? `${stateName(state)}. ${stateMeaning(name, state)}` : 'gone.'
    }`;
  const expected = turn.to === undefined ? '' : ` and is expected to go to ${stateName(turn.to)}`;
  return {
    title: deviceLabel(device),
    lines: [
      side('frontend', frontend),
      side('backend', backend),
      turn.who === 'nobody'
        ? `Nobody has to move: ${turn.why}.`
        : `The ${turn.who} has to move${expected}: ${turn.why}.`,
      ...(online === false ? ['It was taken offline: it is to be removed when both have closed.'] : []),
      ...diagnoses
        .filter(({ severity }) => severity !== 'fine')
        .flatMap(({ text, evidence }) => [`${text[0]!.toUpperCase()}${text.slice(1)}.`, ...evidence]),
    ],
  };
}

export function deviceSpoken(device: DeviceRow, owner: string): string {
  const { frontend, backend, turn, diagnoses } = device;
  const states = `frontend ${sideWord(frontend)}, backend ${sideWord(backend)}`;
  const who = turn.who === 'nobody' ? '' : `, the ${turn.who} has to move`;
  const [diagnosis] = diagnoses;
  const trouble = diagnosis && diagnosis.severity !== 'fine' ? `, ${diagnosis.text}` : '';
  return `${deviceLabel(device)} of ${owner}: ${states}${who}${trouble}`;
}

/** For a domain's row: how many devices, and how many of them are in trouble. */
export function devicesSummary(devices: readonly DeviceRow[]): string {
  const troubled = devices.filter(({ diagnoses }) =>
    ['error', 'warning'].includes(diagnoses[0]?.severity ?? ''),
  );
  const count = devices.length === 1 ? '1 device' : `${devices.length} devices`;
  return troubled.length === 0 ? count : `${count}, ${troubled.length} in trouble`;
}
