/** What is told of rings: plain values that survive JSON. */
import type { DirectionName } from '../../capture/pageLayouts';
import type { RingDevice, RingSlotsDetail, RingSlotsState } from './slotTypes';

export type RingKind = 'xenstore' | 'console' | 'vchan' | 'device';
export type RingSeverity = 'fine' | 'note' | 'warning' | 'error';

/** One direction of a ring, as of the last sample whose indices held still. */
export interface RingDirectionState {
  /** As the header calls it. */
  readonly name: DirectionName;
  /** Who writes and who reads: `guest`, `xenstored`, `console daemon`. */
  readonly producer: string;
  readonly consumer: string;
  /** Where its bytes begin in the page, and how many there are: a power of two. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** Free-running indices, modulo 2^32. */
  readonly prod: number;
  readonly cons: number;
  /** Bytes that wait; 0 when `insane` or `unknown`. */
  readonly usedBytes: number;
  /** The indices are further apart than the ring is long: nothing may be read by them. */
  readonly insane: boolean;
  /** A reconnect is under way and sets the indices anew: until it is through they say nothing, however they stand. */
  readonly unknown: boolean;
  /** Averaged over about a second. */
  readonly producedPerSecond: number;
  readonly consumedPerSecond: number;
  /** At least so many: messages that passed unseen are not among them. Absent where no messages are carried. */
  readonly messagesPerSecond?: number;
  /**
   * `vchan` only: looks a second that found its producer's index moved. A vchan is a stream, and one look may find
   * what several writes left: there were at least so many.
   */
  readonly writesPerSecond?: number;
}

export interface RingVerdict {
  /** Which rule spoke, e.g. `index-insane`. */
  readonly rule: string;
  readonly severity: RingSeverity;
  /** A few words: `idle`, `full, guest not reading`. */
  readonly text: string;
  /** What was seen that led to it, one sentence each. */
  readonly evidence: readonly string[];
}

/** What a rule has to say: a verdict, and on which direction where it is about one. */
export interface RingDiagnosis extends RingVerdict {
  readonly direction?: DirectionName;
}

/** The same object is told again while nothing about it changed. */
export interface RingRow {
  /** Stable while the page is there, e.g. `xenstore:3`. */
  readonly id: string;
  readonly kind: RingKind;
  readonly domid: number;
  /** `vchan` only: the domain of its client, where that can be seen. */
  readonly peerDomid?: number;
  /** `device` only. */
  readonly device?: RingDevice;
  readonly directions: readonly RingDirectionState[];
  /** Where requests and responses are carried, and `directions` is empty. */
  readonly slots?: RingSlotsState;
  /** The most serious of what the doctor says. */
  readonly verdict: RingVerdict;
}

/** What the doctor found that somebody should know; never that all is fine. */
export interface RingFinding {
  /** Stable while it lasts. */
  readonly id: string;
  readonly ring: string;
  readonly domid: number;
  readonly kind: RingKind;
  readonly rule: string;
  readonly severity: Exclude<RingSeverity, 'fine'>;
  readonly text: string;
  readonly evidence: readonly string[];
}

/** All rings of a host at one moment. */
export interface RingsFrame {
  /** Milliseconds since the epoch, of the host's clock. */
  readonly timeMs: number;
  readonly rings: readonly RingRow[];
  readonly findings: readonly RingFinding[];
  /** Rings beyond the limit that are not looked at. */
  readonly leftOut: number;
}

/** A word of the page beside the two byte arrays. */
export interface RingWord {
  /** The C name. */
  readonly name: string;
  readonly offsetBytes: number;
  readonly widthBytes: number;
  readonly value: number;
  /** What the word is for. */
  readonly meaning: string;
  /** What this value says, where it says something by itself: `reconnection, error word`. */
  readonly says?: string;
}

export interface RingPacket {
  /** Free-running index of its first byte. */
  readonly index: number;
  /** Bytes of it that are in the ring. */
  readonly bytes: number;
  /** Bytes of it in all, when its header says so. */
  readonly wholeBytes?: number;
  /** The name of its type, `WRITE`, or its number; `text` on a console; `?` when its beginning was not seen. */
  readonly type: string;
  readonly reqId: number;
  readonly txId: number;
  /** The payload as printable text, shortened; `|` for NUL. */
  readonly text: string;
  /** It may be something else: its beginning was not seen, or nothing else speaks for it. */
  readonly doubtful: boolean;
}

export interface RingDirectionDetail {
  /** Oldest first; the first may have begun before what is in the ring. */
  readonly queued: readonly RingPacket[];
  /** Newest first: consumed, and not overwritten yet. */
  readonly consumed: readonly RingPacket[];
  /** Why what it carries cannot be seen, in one sentence. */
  readonly unreadable?: string;
  /** Since we began to look: at least so many, exactly so many while `resets` is 0. */
  readonly producedBytes: number;
  readonly consumedBytes: number;
  /** Passed between two samples and overwritten before anybody saw them. */
  readonly unseenBytes: number;
  /** Times the indices were set anew. */
  readonly resets: number;
}

export type RingRole = 'queued' | 'consumed' | 'index' | 'state' | 'unused';

/** A piece of the page, for a hexdump in the colours of the picture. Pieces cover it without gaps. */
export interface RingSegment {
  readonly start: number;
  readonly end: number;
  readonly role: RingRole;
  /** The direction's or the word's name. */
  readonly name?: string;
}

/** Everything about one ring. */
export interface RingView {
  readonly timeMs: number;
  readonly row: RingRow;
  /** All that the doctor says, the most serious first. */
  readonly diagnoses: readonly RingDiagnosis[];
  /** In the order of the row's directions. */
  readonly details: readonly RingDirectionDetail[];
  /** Where the row has `slots`. */
  readonly slotsDetail?: RingSlotsDetail;
  readonly words: readonly RingWord[];
  /** The page up to its last word, in base64. */
  readonly page: string;
  /** Counts up when something in the page may have changed. */
  readonly pageVersion: number;
  readonly segments: readonly RingSegment[];
  /** How the page was found, in words. */
  readonly found: string;
  readonly samples: number;
  /** Samples in which the indices would not hold still. */
  readonly tornSamples: number;
  /** Simulated hosts only: doorbells that were rung and not yet heard. */
  readonly pending?: { readonly toServer: boolean; readonly toGuest: boolean };
}

/** The last minutes, in slots of equal length; null where nobody looked. */
export interface RingStrip {
  readonly slotMs: number;
  /** When the first slot begins. */
  readonly startMs: number;
  readonly directions: readonly {
    /** `slots`: numbers of requests and not of bytes. */
    readonly name: DirectionName | 'slots';
    /** The most that waited in the slot; null also where the indices meant nothing. */
    readonly usedBytes: readonly (number | null)[];
    readonly producedBytes: readonly (number | null)[];
  }[];
  /** What happened in slots, by their place: `torn`, `reset`, `insane`, `reconnecting`. */
  readonly marks: readonly { readonly slot: number; readonly what: readonly string[] }[];
}
