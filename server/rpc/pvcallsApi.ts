/** The part of the contract that is about what is seen of PV Calls devices. Joined to the rest in api.ts. */
import type {
  PvCallsCallRow,
  PvCallsDeviceRow,
  PvCallsDeviceState,
  PvCallsFlow,
  PvCallsSocketRow,
} from '../model/pvcalls/pvcallsTypes';

export type {
  PvCallsAnswer,
  PvCallsCallRow,
  PvCallsDeviceRow,
  PvCallsDeviceState,
  PvCallsDiagnosis,
  PvCallsDirection,
  PvCallsEnd,
  PvCallsErrno,
  PvCallsFailure,
  PvCallsField,
  PvCallsFlow,
  PvCallsKeptRings,
  PvCallsKnowledge,
  PvCallsOutstanding,
  PvCallsRings,
  PvCallsSeverity,
  PvCallsSlot,
  PvCallsSocketCounts,
  PvCallsSocketRow,
  PvCallsSocketState,
  PvCallsUnseen,
} from '../model/pvcalls/pvcallsTypes';

type OnHost<T = unknown> = { readonly host: string } & T;

/** What passed at a socket that is otherwise as it was: of five hundred most are so, ten times a second. */
export interface PvCallsMoved {
  readonly key: string;
  readonly in?: PvCallsFlow;
  readonly out?: PvCallsFlow;
}

/** What is new of a device since the frame before; all there is in the first. */
export interface PvCallsDeviceFrame {
  readonly state: PvCallsDeviceState;
  /** Forget the sockets and the calls that were known before. */
  readonly whole: boolean;
  /** New ones, and those of which more changed than what passed. */
  readonly sockets: readonly PvCallsSocketRow[];
  readonly moved: readonly PvCallsMoved[];
  /** Keys of sockets that are gone. */
  readonly gone: readonly string[];
  /** Calls that were answered since, the oldest first. A client keeps as many as it wants to show. */
  readonly calls: readonly PvCallsCallRow[];
}

export interface PvCallsRequests {
  /** Begins to send `xenscope/pvcallsFrame` for this host, at most every `intervalMs`. Asked again: all anew. */
  'xenscope/pvcalls': { params: OnHost<{ intervalMs: number }>; result: null };
  'xenscope/pvcallsStop': { params: OnHost; result: null };
  /** All PV Calls devices as they are now. */
  'xenscope/pvcallsList': { params: OnHost; result: readonly PvCallsDeviceRow[] };
  /** Begins to send `xenscope/pvcallsDeviceFrame` for one device, also before it is there, or when it is there again. */
  'xenscope/pvcallsView': {
    params: OnHost<{ device: string; intervalMs: number }>;
    result: { readonly viewId: number };
  };
  'xenscope/pvcallsViewStop': { params: { viewId: number }; result: null };
}

export interface PvCallsNotifications {
  'xenscope/pvcallsFrame': {
    readonly host: string;
    /** Forget what was known before: these are all devices. */
    readonly whole: boolean;
    /** New ones and those that changed. */
    readonly devices: readonly PvCallsDeviceRow[];
    readonly gone: readonly string[];
  };
  'xenscope/pvcallsDeviceFrame': {
    readonly viewId: number;
    /** Absent: there is no such device now. */
    readonly frame?: PvCallsDeviceFrame;
  };
}
