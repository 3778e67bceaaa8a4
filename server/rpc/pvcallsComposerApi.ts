/** The part of the contract that is about commands of PV Calls which a person sends by hand. Joined to the rest in api.ts. */
import type { NodeChange } from '../act/devices/deviceAct';
import type {
  ComposerBackend,
  ComposerCheck,
  ComposerDraft,
  ComposerEnding,
  ComposerEntry,
  ComposerForeign,
  ComposerForm,
  ComposerPlan,
  ComposerState,
} from '../act/pvcalls/plan';
import type { ComposerLayouts } from './pvcallsLayouts';

export type {
  ComposerBackend,
  ComposerCheck,
  ComposerCommand,
  ComposerCount,
  ComposerDevice,
  ComposerDraft,
  ComposerEnding,
  ComposerEntry,
  ComposerField,
  ComposerForeign,
  ComposerForm,
  ComposerLevel,
  ComposerPlan,
  ComposerRequest,
  ComposerResponse,
  ComposerRings,
  ComposerSocket,
  ComposerState,
  ComposerStream,
  ComposerSuggestions,
} from '../act/pvcalls/plan';

export type { ComposerLayouts, ComposerSlotField } from './pvcallsLayouts';

type OnHost<T = unknown> = { readonly host: string } & T;
type AtComposer<T = unknown> = OnHost<{ readonly composerId: number } & T>;
/** `id`: the socket's, in decimal. */
type AtSocket<T = unknown> = AtComposer<{ readonly id: string } & T>;

export interface ComposerChoices {
  /** Domains that can have the frontend; absent on a real host, where it is the one that the server runs in. */
  readonly actors?: readonly number[];
  /** That domain of a real host, where its xenstore tells. */
  readonly ownDomid?: number;
  readonly backends: readonly ComposerBackend[];
  readonly foreign: readonly ComposerForeign[];
  /** One sentence: why nobody else's ring can be written into on this host. */
  readonly whyNoForeign?: string;
  /** By their numbers on the wire. */
  readonly forms: readonly ComposerForm[];
  readonly layouts: ComposerLayouts;
}

/** What the guard says before it is opened, as of any act by hand. */
export interface ComposerPreview {
  readonly verdict: 'allow' | 'confirm' | 'refuse';
  readonly text: string;
  readonly details: readonly string[];
  /** The nodes that are written, as a toolstack writes them. */
  readonly changes: readonly NodeChange[];
}

export interface ComposerSendResult {
  readonly sentBytes: number;
  /** When they were, milliseconds since the epoch, of the host's clock as in the news. */
  readonly timeMs: number;
  /** Why not all were sent, in a sentence or two; absent where the request was called off. */
  readonly problem?: string;
  readonly isStopped?: true;
}

/** What came at the sockets since the news before. */
export interface ComposerReceived {
  readonly id: string;
  /** In base64. */
  readonly bytes: string;
  /** So many bytes before them were left out. */
  readonly leftOutBytes: number;
}

export interface ComposerNews {
  readonly host: string;
  readonly composerId: number;
  /** Milliseconds since the epoch, of the host's clock. */
  readonly timeMs: number;
  readonly state: ComposerState;
  /** Lines of the history that are new, or have changed; by their numbers. */
  readonly entries: readonly ComposerEntry[];
  /** Lines that were forgotten so far, because a history has a limit: those with the smallest numbers. */
  readonly forgottenEntries: number;
  readonly received: readonly ComposerReceived[];
}

export interface ComposerRequests {
  'xenscope/composerChoices': { params: OnHost; result: ComposerChoices };
  'xenscope/composerPreview': { params: OnHost<{ plan: ComposerPlan }>; result: ComposerPreview };
  /** Begins to open it; how that goes, and all else, comes as `xenscope/composerNews`. */
  'xenscope/composerOpen': {
    params: OnHost<{ plan: ComposerPlan; confirmed: boolean }>;
    result: { readonly composerId: number };
  };
  /** Nothing is sent. Works while it is not connected as well. */
  'xenscope/composerCheck': { params: AtComposer<{ draft: ComposerDraft }>; result: ComposerCheck };
  /**
   * Answers when it is on its way; what becomes of it is told as the line of the history with this number.
   * `confirmed`: a person has agreed to what the check asked about.
   */
  'xenscope/composerCall': {
    params: AtComposer<{ draft: ComposerDraft; confirmed?: boolean }>;
    result: { readonly number: number };
  };
  /** Answers when all bytes are in the ring `out`, or cannot be; called off, it says how far it came. */
  'xenscope/composerSend': { params: AtSocket<{ bytes: string }>; result: ComposerSendResult };
  /** `keepAll`: rather than leaving out what the editor does not take, let the other side wait. */
  'xenscope/composerReading': { params: AtSocket<{ reads: boolean; keepAll: boolean }>; result: null };
  /**
   * Nothing more will be written from here. The protocol has no way to say so: it waits until the backend
   * has read all, and the other side learns of it with the RELEASE.
   */
  'xenscope/composerEndSending': { params: AtSocket; result: null };
  /**
   * Gives the rings of a connected socket back without a RELEASE, as a frontend that has forgotten it: what is
   * in them is lost, and the backend keeps its connection until the socket is released.
   */
  'xenscope/composerAbandon': { params: AtSocket; result: null };
  /** `killed`: simulated hosts only; the nodes stay until it is forgotten. */
  'xenscope/composerEnd': { params: AtComposer<{ how: ComposerEnding }>; result: null };
  /** Nobody looks at it any more: it is closed if it is open, its nodes are removed, and it is forgotten. */
  'xenscope/composerForget': { params: AtComposer; result: null };
}

export interface ComposerNotifications {
  'xenscope/composerNews': ComposerNews;
}
