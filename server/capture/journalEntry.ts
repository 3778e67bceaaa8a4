/**
 * What the journal tells. Each entry has a number `#n` that is never used again, a time, and where it
 * was seen: at a connection of a store of ours (`connection`), by looking at a page (`ring`), or where a
 * simulated host lets in what comes from outside (`world`).
 */
import type { Admission } from '../host/worldControl';
import type { DirectionName, RingSide } from './pageLayouts';
import type { LossReason } from './reassembly';

export type MessageRole = 'request' | 'reply' | 'event';

interface EntryStamp {
  /** Counts from 1. */
  readonly n: number;
  /** Milliseconds since the epoch, of the host's clock. */
  readonly timeMs: number;
  /** Whose connection, or whose page. */
  readonly domid: number;
  /** `connection 12`, the id of a page: `xenstore:3`, or `world`. */
  readonly source: string;
}

export interface MessageBody {
  readonly kind: 'message';
  readonly layer: 'connection' | 'ring';
  readonly role: MessageRole;
  /** The whole message with its header. */
  readonly bytes: Uint8Array;
  /** Seen after it was consumed, where nobody can be sure that it was not being overwritten. */
  readonly isDoubtful: boolean;
}

/** Bytes of a stream that could not be put into messages. */
export interface LostBody {
  readonly kind: 'lost';
  readonly layer: 'connection' | 'ring';
  readonly role: 'request' | 'reply';
  readonly lostBytes: number;
  readonly reason: LossReason;
}

/** Indices of a ring moved between two samples. */
export interface MovementBody {
  readonly kind: 'movement';
  readonly layer: 'ring';
  readonly direction: DirectionName;
  readonly prod: number;
  readonly cons: number;
  readonly producedBytes: number;
  readonly consumedBytes: number;
  /** Of the produced ones: overwritten before anybody looked. */
  readonly unseenBytes: number;
}

/** Indices of a ring were set anew: what passed around that moment is not known. */
export interface ResetBody {
  readonly kind: 'reset';
  readonly layer: 'ring';
  readonly direction: DirectionName;
  readonly prod: number;
  readonly cons: number;
}

/** Indices that cannot be. */
export interface InsaneBody {
  readonly kind: 'insane';
  readonly layer: 'ring';
  readonly direction: DirectionName;
  readonly prod: number;
  readonly cons: number;
}

/** Requests or responses were published in a ring of slots. */
export interface SlotsBody {
  readonly kind: 'slots';
  readonly layer: 'ring';
  readonly reqProd: number;
  readonly rspProd: number;
  /** Since the sample before. */
  readonly requests: number;
  readonly responses: number;
}

/** Indices of a ring of slots were set anew, or cannot be. */
export interface SlotsOddBody {
  readonly kind: 'slotsReset' | 'slotsInsane';
  readonly layer: 'ring';
  readonly reqProd: number;
  readonly rspProd: number;
}

/** A state word has another value. */
export interface StateBody {
  readonly kind: 'state';
  readonly layer: 'ring';
  readonly word: string;
  /** Undefined: it was not seen before. */
  readonly before?: number;
  readonly after: number;
}

/** Simulated hosts only: an end was told that the other one rang. */
export interface NotifyBody {
  readonly kind: 'notify';
  readonly layer: 'ring';
  readonly to: RingSide;
  /** How often since the sample before. */
  readonly times: number;
}

export interface ConnectionBody {
  readonly kind: 'opened' | 'restarted' | 'closed';
  readonly layer: 'connection';
  /** What is to be said about it, e.g. why it closed. */
  readonly text?: string;
}

/** A page came into sight, or is there no more. */
export interface PageBody {
  readonly kind: 'appeared' | 'gone';
  readonly layer: 'ring';
  readonly text?: string;
}

/** Simulated hosts only: something from outside reached the world, and its seed no longer tells all. */
export interface AdmissionBody {
  readonly kind: 'admission';
  readonly layer: 'world';
  /** The world's own count of them, from 1. */
  readonly number: number;
  /** How many things had happened in the world before. */
  readonly afterMove: number;
  /** The world's time, in milliseconds since the epoch; `timeMs` is that of the host. */
  readonly worldTimeMs: number;
  readonly what: Admission['kind'];
  /** In words, and not more of them than maxAdmittedChars. The bytes of a request are a message of their own. */
  readonly text: string;
}

export type EntryBody =
  | MessageBody
  | LostBody
  | MovementBody
  | ResetBody
  | InsaneBody
  | SlotsBody
  | SlotsOddBody
  | StateBody
  | NotifyBody
  | ConnectionBody
  | PageBody
  | AdmissionBody;

export type JournalEntry = EntryStamp & EntryBody;

const WATCH_EVENT = 15;

/** The role of a message that a server sends, which begins at `start`: events are not asked for. */
export function sentRole(bytes: Uint8Array, start: number): 'reply' | 'event' {
  const isEvent =
    bytes[start] === WATCH_EVENT && (bytes[start + 1]! | bytes[start + 2]! | bytes[start + 3]!) === 0;
  return isEvent ? 'event' : 'reply';
}
