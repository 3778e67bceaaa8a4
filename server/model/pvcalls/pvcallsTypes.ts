/**
 * What is told of PV Calls devices, as plain JSON values: the editor's contract passes them on as they are. Only
 * what an observer can know is among it: the command ring and the data rings as they were seen, no end's own books.
 */
import type { DeviceDiagnosis } from '../devices/deviceTypes';

export type PvCallsSeverity = DeviceDiagnosis['severity'];

/** What the doctor says of a device or of one of its sockets. */
export interface PvCallsDiagnosis extends DeviceDiagnosis {
  /** The key of the socket that it is about. */
  readonly socket?: string;
}

/** One end of a device. */
export interface PvCallsEnd {
  /** Its folder in the store. */
  readonly path: string;
  readonly domid: number;
  readonly name: string;
}

/** A number other than 0 that stands in a response or in an error word. */
export interface PvCallsErrno {
  readonly ret: number;
  /** `ECONNREFUSED`; absent where nobody named the number. */
  readonly name?: string;
  /** What it means to whoever called, in a clause. */
  readonly meaning?: string;
}

/** One device in a list. */
export interface PvCallsDeviceRow {
  /** The path of its frontend: the id of the same device's row among the devices. */
  readonly id: string;
  readonly devid: string;
  readonly frontend: PvCallsEnd;
  readonly backend: PvCallsEnd;
  /** Its command ring among the rings of the host; absent while it shares none that can be looked at. */
  readonly ring?: string;
  /** Why its calls cannot be seen, in a sentence or two; absent while they can. */
  readonly unseen?: string;
  readonly sockets: PvCallsSocketCounts;
  /** Commands that wait for their response, by the indices of the ring. */
  readonly inFlight: number;
  readonly callsPerSecond: number;
  /** Over all of its sockets: from the network to the guest, and back. */
  readonly inPerSecond: number;
  readonly outPerSecond: number;
  /** The most serious first; at least one. Of all that is said of data rings the worst. */
  readonly diagnoses: readonly PvCallsDiagnosis[];
}

export interface PvCallsSocketCounts {
  readonly all: number;
  readonly connected: number;
  readonly listening: number;
  /** Whose last call failed, or whose data rings carry an error other than the orderly end. */
  readonly failed: number;
}

/**
 * `creating`: a SOCKET waits. `created`: it was answered. `connecting`: a CONNECT waits. `connected`: it has data rings. `closed`: both
 * error words of its data rings are set. `bound`, `listening`: as the commands say. `failed`: the call that was to
 * make it something failed. `releasing`: a RELEASE waits. `unknown`: it was named, and nothing else of it was seen.
 */
export type PvCallsSocketState =
  | 'creating'
  | 'created'
  | 'connecting'
  | 'connected'
  | 'closed'
  | 'bound'
  | 'listening'
  | 'failed'
  | 'releasing'
  | 'unknown';

/**
 * How a socket came to be known. `seen`: by a call that was seen as it passed. `answer`: the response was seen, and
 * of the request what the response leaves of it in the slot. `oldSlot`: by what lay in a slot before anybody looked.
 */
export type PvCallsKnowledge = 'seen' | 'answer' | 'oldSlot';

/** What passes in one direction of a socket; that alone changes from look to look. */
export interface PvCallsFlow {
  /** Bytes that wait; 0 while the indices cannot be. */
  readonly usedBytes: number;
  /** Since its rings are looked at: at least so many. */
  readonly bytes: number;
  readonly perSecond: number;
}

export interface PvCallsDirection extends PvCallsFlow {
  readonly sizeBytes: number;
  /** The indices are further apart than the ring is long. */
  readonly insane: boolean;
  /** The error word; absent while it is 0. `ENOTCONN` in `in` is the orderly end. */
  readonly error?: PvCallsErrno;
}

/** A command that waits for its response. */
export interface PvCallsOutstanding {
  readonly reqId: number;
  /** `CONNECT`. */
  readonly cmd: string;
  /** In the host's time. */
  readonly sinceMs: number;
}

export interface PvCallsFailure {
  readonly cmd: string;
  readonly error: PvCallsErrno;
  readonly timeMs: number;
}

/** Where the data rings of a socket are. */
export interface PvCallsRings {
  /** The grant of the page of indices, and the frontend's event channel. */
  readonly ref: number;
  readonly evtchn: number;
  /** Log2 of the number of data pages, where the page of indices can be read. */
  readonly order?: number;
  /** Which layout the page of indices has. */
  readonly edition?: 'final' | 'draft7';
  /** Among the rings of the host; absent while they cannot be looked at. */
  readonly ring?: string;
  /** Why they cannot, in a sentence or two. */
  readonly unseen?: string;
}

export interface PvCallsSocketRow {
  /** Stable while it is the same socket; ids are used again. */
  readonly key: string;
  /** The frontend's number for it, 64 bits in decimal. Absent where only its data rings were found. */
  readonly id?: string;
  readonly state: PvCallsSocketState;
  /** In that state, in the host's time; of one that was not seen from its beginning since it was found. */
  readonly sinceMs: number;
  readonly known: PvCallsKnowledge;
  /** `10.0.0.1:80`; absent where the protocol does not say it, or it was not seen. */
  readonly local?: string;
  readonly remote?: string;
  /** The listener that it was accepted at, by its key, while that one is there. */
  readonly listener?: string;
  /** Of a listener: how many may wait. */
  readonly backlog?: number;
  /** Connected sockets only. */
  readonly rings?: PvCallsRings;
  /** While its data rings can be looked at. */
  readonly in?: PvCallsDirection;
  readonly out?: PvCallsDirection;
  /** Those that wait for their response, the oldest first. */
  readonly outstanding: readonly PvCallsOutstanding[];
  /** The last call at it that failed. */
  readonly failure?: PvCallsFailure;
  /** The most serious of what is said of its calls and of its data rings; absent where that is nothing. */
  readonly diagnosis?: PvCallsDiagnosis;
}

/** Pages that a RELEASE said will be used again. */
export interface PvCallsKeptRings {
  readonly ref: number;
  readonly evtchn: number;
  /** Of the socket that had them last. */
  readonly id: string;
  readonly sinceMs: number;
}

/** A field of a slot, as a person reads it. */
export interface PvCallsField {
  /** The name in the C header. */
  readonly name: string;
  readonly value: string;
  /** What the value is called, where it has a name. */
  readonly says?: string;
  /** What the field says: one sentence. */
  readonly meaning: string;
}

/** One slot: the request, or the response with what it left of the request behind it. */
export interface PvCallsSlot {
  /** Free-running number of the request, or of the response. */
  readonly index: number;
  readonly fields: readonly PvCallsField[];
  /** All 64 bytes, in hexadecimal. */
  readonly raw: string;
}

/**
 * One command: the request, the response, or both. It is in flight until it is `answered` or `lost`.
 *
 * `known`: `seen` both were seen as they passed; `answer` the response alone; `oldSlot` it lay in a slot before
 * anybody looked, and its moment is not known.
 */
export interface PvCallsCallRow {
  /** Counts the calls of the device from 1, in the order in which they were seen. */
  readonly n: number;
  readonly reqId: number;
  /** `CONNECT`; a number where there is no such command. */
  readonly cmd: string;
  /** As in PvCallsSocketRow. */
  readonly id?: string;
  /** What is asked, in words: `connect socket 5 to 10.0.0.1:80`. */
  readonly text: string;
  readonly known: PvCallsKnowledge;
  /** When it was seen first, in the host's time: at most the looks' distance later than it was sent. */
  readonly sentMs?: number;
  readonly request?: PvCallsSlot;
  readonly answered?: PvCallsAnswer;
  /** It was answered, or forgotten, and nobody saw it: it is in flight no more. */
  readonly lost?: true;
}

export interface PvCallsAnswer {
  /** When it was seen; absent where it lay there before anybody looked. */
  readonly timeMs?: number;
  /** From the moment that the request was seen to that of the response; absent where one of them was not. */
  readonly latencyMs?: number;
  /** 0 or below. */
  readonly ret: number;
  /** Absent where it went well. */
  readonly error?: PvCallsErrno;
  readonly response: PvCallsSlot;
  /** No request was seen that it answers. */
  readonly isUnasked?: true;
}

/** How much was not seen, since somebody looks; and what of that waits now. */
export interface PvCallsUnseen {
  readonly requests: number;
  readonly responses: number;
  /** Requests that were answered and could not be read any more, of which the response was seen. */
  readonly answersOnly: number;
  /** Requests that wait now, by the indices, and cannot be read any more: a response to another one lies there. */
  readonly inFlight: number;
  /** Times the indices were set anew. */
  readonly resets: number;
  /** Looks at which the indices would not hold still. */
  readonly tornLooks: number;
  /** The longest time between two looks in the last seconds, in milliseconds; 0 where each move is seen. */
  readonly lookIntervalMs: number;
}

/** Everything about one device but its sockets and its history. */
export interface PvCallsDeviceState {
  readonly row: PvCallsDeviceRow;
  /** In the host's time: ages are counted from it. */
  readonly timeMs: number;
  /** Those that are known, the oldest first; no more than the ring has slots. */
  readonly inFlight: readonly PvCallsCallRow[];
  readonly unseen: PvCallsUnseen;
  readonly kept: readonly PvCallsKeptRings[];
  /** Since somebody looks: at least so many. */
  readonly requests: number;
  readonly responses: number;
  /** Sockets beyond the limit, of which nothing is told. */
  readonly socketsLeftOut: number;
  /** Older calls, which are not remembered any more. */
  readonly callsLeftOut: number;
}
