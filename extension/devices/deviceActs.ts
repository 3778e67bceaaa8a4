/** Which acts a device offers as it stands, and what they are called. */
import type { DeviceAct, DeviceRow, DeviceSide } from '../../server/rpc/api';

export type DeviceActName = DeviceAct['kind'];

const initialising = 1;
const closing = 5;
const closed = 6;

interface ActWords {
  /** Of the button that does it. */
  readonly verb: string;
  /** In a list: what it is for. */
  readonly detail: string;
  readonly fits: (row: DeviceRow) => boolean;
}

const hasState = ({ state }: DeviceSide) => state !== 0;
const isLeft = ({ frontend, backend, online, diagnoses }: DeviceRow) =>
  !hasState(frontend) ||
  !hasState(backend) ||
  diagnoses.some(({ rule }) => rule === 'leaked-backend') ||
  (frontend.state === closed && backend.state === closed && online === false);

export const deviceActs: Readonly<Record<DeviceActName, ActWords>> = {
  reconnect: {
    verb: 'Reconnect',
    detail: 'Close both ends, and let them begin anew',
    fits: ({ frontend, backend, online }) => hasState(frontend) && hasState(backend) && online !== false,
  },
  offline: {
    verb: 'Take Offline',
    detail: 'As a toolstack unplugs it: the backend is told to close',
    fits: ({ backend, online }) => hasState(backend) && (online !== false || backend.state < closing),
  },
  online: {
    verb: 'Bring Online',
    detail: 'What has closed begins anew',
    fits: ({ backend, online }) => hasState(backend) && (online === false || backend.state === closed),
  },
  forceClose: {
    verb: 'Force Close',
    detail: 'Write Closed at both ends, without waiting for anybody',
    fits: ({ frontend, backend }) =>
      [frontend, backend].some(({ state }) => state >= initialising && state !== closed),
  },
  move: {
    verb: 'Write State',
    detail: 'One legal move, as the frontend or as the backend',
    fits: ({ frontend, backend }) => hasState(frontend) || hasState(backend),
  },
  cleanUp: {
    verb: 'Clean Up',
    detail: 'Remove the nodes that nobody uses any more',
    fits: isLeft,
  },
};

export const deviceActNames = Object.keys(deviceActs) as readonly DeviceActName[];

/** Words of a row by which its menu is made: `device vif reconnect offline`. */
export function deviceContext(row: DeviceRow): string {
  return ['device', row.kind, ...deviceActNames.filter((name) => deviceActs[name].fits(row))].join(' ');
}

/** Of a domain that is gone: all that is shown of it are backends that were left behind. */
export function isGoneDomain(rows: readonly DeviceRow[]): boolean {
  const isLeaked = ({ diagnoses }: DeviceRow) => diagnoses.some(({ rule }) => rule === 'leaked-backend');
  return rows.length > 0 && rows.every(isLeaked);
}
