/** Sockets, calls and frames of PV Calls for tests of what is shown of them. */
import type {
  PvCallsCallRow,
  PvCallsDeviceFrame,
  PvCallsDeviceRow,
  PvCallsDeviceState,
  PvCallsDirection,
  PvCallsErrno,
  PvCallsSocketRow,
} from '../../server/rpc/api';
import { stateWithoutCalls } from '../../server/rpc/pvcallsFrames';

export const refused: PvCallsErrno = { ret: -111, name: 'ECONNREFUSED', meaning: 'nobody listens there' };
export const orderly: PvCallsErrno = { ret: -107, name: 'ENOTCONN', meaning: 'it is not connected' };

export function direction(over: Partial<PvCallsDirection> = {}): PvCallsDirection {
  return { usedBytes: 0, bytes: 0, perSecond: 0, sizeBytes: 4096, insane: false, ...over };
}

export function socket(key: string, over: Partial<PvCallsSocketRow> = {}): PvCallsSocketRow {
  return { key, id: key, state: 'created', sinceMs: 1_000, known: 'seen', outstanding: [], ...over };
}

export function deviceRow(over: Partial<PvCallsDeviceRow> = {}): PvCallsDeviceRow {
  return {
    id: '/local/domain/15/device/pvcalls/0',
    devid: '0',
    frontend: { path: '/local/domain/15/device/pvcalls/0', domid: 15, name: 'till' },
    backend: { path: '/local/domain/0/backend/pvcalls/15/0', domid: 0, name: 'Domain-0' },
    ring: 'device:15:pvcalls/0',
    sockets: { all: 0, connected: 0, listening: 0, failed: 0 },
    inFlight: 0,
    callsPerSecond: 0,
    inPerSecond: 0,
    outPerSecond: 0,
    diagnoses: [{ rule: 'at-rest', severity: 'fine', text: 'sockets are served', evidence: [] }],
    ...over,
  };
}

export function deviceState(over: Partial<PvCallsDeviceState> = {}): PvCallsDeviceState {
  return { ...stateWithoutCalls(deviceRow(), 10_000), ...over };
}

export function frame(over: Partial<PvCallsDeviceFrame> = {}): PvCallsDeviceFrame {
  return { state: deviceState(), whole: false, sockets: [], moved: [], gone: [], calls: [], ...over };
}

export function call(n: number, over: Partial<PvCallsCallRow> = {}): PvCallsCallRow {
  return {
    n,
    reqId: n,
    cmd: 'CONNECT',
    id: '5',
    text: 'connect socket 5 to 10.0.0.9:631',
    known: 'seen',
    sentMs: 9_000,
    ...over,
  };
}
