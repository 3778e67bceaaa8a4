/** The part of the contract that is about ends of vchans which a person drives by hand. Joined to the rest in api.ts. */
import type { VchanEnding, VchanOffer, VchanPlan, VchanState } from '../act/vchanPlan';
import type { RingVerdict } from '../model/rings/ringTypes';

export type {
  VchanCount,
  VchanEnding,
  VchanOffer,
  VchanPlan,
  VchanRingLevel,
  VchanState,
} from '../act/vchanPlan';

type OnHost<T = unknown> = { readonly host: string } & T;

/** Who can be at our end, and what others offer. */
export interface VchanChoices {
  /** Domains that we can act as; absent on a real host, where it is the one that the server runs in. */
  readonly actors?: readonly number[];
  readonly offers: readonly VchanOffer[];
}

/** What the guard says before it is opened, as of any act by hand. */
export interface VchanPreview {
  readonly verdict: 'allow' | 'confirm' | 'refuse';
  readonly text: string;
  readonly details: readonly string[];
  /** With `confirm`: goes into the plan when the person agrees that the place of that vchan is taken. */
  readonly replaces?: string;
}

/** Whose vchan is watched. */
export interface VchanWatched {
  readonly server: number;
  /** Absent where nobody says so. */
  readonly client?: number;
  /** How its page was found, in words. */
  readonly found: string;
}

export interface VchanSendResult {
  readonly sentBytes: number;
  /** When they were, milliseconds since the epoch, of the host's clock as in the news. */
  readonly timeMs: number;
  /** Why not all were sent, in a sentence or two; absent where the request was called off. */
  readonly problem?: string;
  readonly isStopped?: true;
}

/** What was seen of a vchan between others at one look. */
export interface VchanPassed {
  /** `left`: to the server. */
  readonly ring: 'left' | 'right';
  readonly timeMs: number;
  /** In base64. */
  readonly bytes: string;
  /** So many passed before them, and nobody saw them. */
  readonly unseenBytes: number;
  /** So many of the first of them may have been overwritten while they were read. */
  readonly doubtfulBytes: number;
}

export interface VchanNews {
  readonly host: string;
  readonly consoleId: number;
  /** Milliseconds since the epoch, of the host's clock. */
  readonly timeMs: number;
  readonly state: VchanState;
  /** What the ring doctor says of it, where its page can be seen. */
  readonly verdict?: RingVerdict;
  /** What was received since the news before, in base64. */
  readonly received: string;
  /** So many bytes before them were left out. */
  readonly leftOutBytes: number;
  /** Instead of `received` where it is only watched: both directions, in the order in which they were seen. */
  readonly passed?: readonly VchanPassed[];
}

export interface VchanRequests {
  'xenscope/vchanChoices': { params: OnHost; result: VchanChoices };
  'xenscope/vchanPreview': { params: OnHost<{ plan: VchanPlan }>; result: VchanPreview };
  /** Begins to open it; how that goes, and all else, comes as `xenscope/vchanNews`. */
  'xenscope/vchanOpen': {
    params: OnHost<{ plan: VchanPlan; confirmed: boolean }>;
    result: { readonly consoleId: number };
  };
  /** Listens to a vchan between others, by the name of its ring: nothing is written. The same news tell of it. */
  'xenscope/vchanWatch': {
    params: OnHost<{ ring: string }>;
    result: { readonly consoleId: number; readonly watched: VchanWatched };
  };
  /** Answers when all bytes are in the ring, or cannot be; called off, it says how far it came. */
  'xenscope/vchanSend': {
    params: OnHost<{ consoleId: number; bytes: string }>;
    result: VchanSendResult;
  };
  /** `keepAll`: rather than leaving out what the editor does not take, let the other side wait. */
  'xenscope/vchanReading': {
    params: OnHost<{ consoleId: number; reads: boolean; keepAll: boolean }>;
    result: null;
  };
  'xenscope/vchanEnd': { params: OnHost<{ consoleId: number; how: VchanEnding }>; result: null };
  /** Nobody looks at it any more: it is closed if it is open, and forgotten. */
  'xenscope/vchanForget': { params: OnHost<{ consoleId: number }>; result: null };
}

export interface VchanNotifications {
  'xenscope/vchanNews': VchanNews;
}
