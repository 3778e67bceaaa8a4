/**
 * The part of the contract that is about rings: what editors see of shared pages, the reconnect,
 * and the control of a simulated world. Joined to the rest in api.ts.
 */
import type { ReconnectPreview } from '../act/reconnectPreview';
import type { ReconnectReport, ReconnectStep } from '../host/worldControl';
import type {
  RingDirectionState,
  RingFinding,
  RingRow,
  RingStrip,
  RingVerdict,
  RingView,
} from '../model/rings/ringTypes';
import type { RingSlotsState } from '../model/rings/slotTypes';

export type {
  RingDirectionState,
  RingDirectionDetail,
  RingFinding,
  RingKind,
  RingPacket,
  RingRow,
  RingStrip,
  RingVerdict,
  RingWord,
} from '../model/rings/ringTypes';
export type { RingDevice, RingSlotsDetail, RingSlotsState, SlotEntry } from '../model/rings/slotTypes';

type OnHost<T = unknown> = { readonly host: string } & T;

/** ---- rings ------------------------------------------------------------------------------- */

/** What became different in a row: most of it never does, and a hundred rings are told of thirty times a second. */
export interface RingChange {
  readonly id: string;
  /** In the order of the row, each with nothing but what changed; absent when nothing moved. */
  readonly directions?: readonly Partial<RingDirectionState>[];
  readonly slots?: Partial<RingSlotsState>;
  readonly verdict?: RingVerdict;
}

/** Everything about one ring, for its panel. The page is absent when nothing in it changed since the frame before. */
export type RingFrame = Omit<RingView, 'page' | 'pageVersion'> & { readonly page?: string };

export type { ReconnectPreview, ReconnectReport, ReconnectStep };

/** ---- the simulated world ----------------------------------------------------------------- */

export interface WorldFaultState {
  /** Stable, e.g. `lostNotify`. */
  readonly name: string;
  /** One sentence: what happens when it strikes. */
  readonly text: string;
  /** From 0 to 1, each time that it could strike, for all domains. */
  readonly probability: number;
  readonly ofDomains: readonly { readonly domid: number; readonly probability: number }[];
  /** How often it has struck. */
  readonly count: number;
}

export interface WorldDomainState {
  /** Absent while the domain does not exist. */
  readonly domid?: number;
  readonly name: string;
  /** In words: `running`, `shut down (crash)`. */
  readonly state: string;
  readonly isRunning: boolean;
  /** What may be done with it now: names of acts, e.g. `crash`. */
  readonly can: readonly string[];
}

export interface WorldState {
  readonly held: boolean;
  readonly faults: readonly WorldFaultState[];
  /** Those that exist, then those that could be started. */
  readonly domains: readonly WorldDomainState[];
}

/** ---- requests and notifications ---------------------------------------------------------- */

export interface RingRequests {
  /** Begins to send `xenscope/ringsFrame` for this host, at most every `intervalMs`. Asked again: changes the interval. */
  'xenscope/rings': { params: OnHost<{ intervalMs: number }>; result: null };
  /** All rings as they are now. */
  'xenscope/ringList': { params: OnHost; result: readonly RingRow[] };
  'xenscope/ringsStop': { params: OnHost; result: null };
  /** Begins to send `xenscope/ringFrame` of one ring. */
  'xenscope/ring': {
    params: OnHost<{ ring: string; intervalMs: number }>;
    /** The last minutes, as far as anybody looked. */
    result: { readonly viewId: number; readonly strip: RingStrip };
  };
  'xenscope/ringStop': { params: { viewId: number }; result: null };

  'xenscope/reconnectPreview': { params: OnHost<{ ring: string }>; result: ReconnectPreview };
  /**
   * Steps come as `xenscope/reconnectStep` with the same `serial` while it runs. `confirmed`: the
   * preview was read; `forced`: its refusal is overridden, where it says what that means.
   */
  'xenscope/reconnect': {
    params: OnHost<{ ring: string; serial: number; confirmed: boolean; forced?: boolean }>;
    result: ReconnectReport;
  };

  /** Its changes come as `xenscope/worldChanged` from now on. */
  'xenscope/world': { params: OnHost; result: WorldState };
  'xenscope/hold': { params: OnHost; result: null };
  'xenscope/resume': { params: OnHost; result: null };
  /** Lets one thing happen while the world is held; says what, or that nothing waits. */
  'xenscope/step': { params: OnHost; result: string };
  /** `domid` absent: for all domains. */
  'xenscope/setFault': {
    params: OnHost<{ name: string; probability: number; domid?: number }>;
    result: null;
  };
  /** `who`: a domid, or the name of a domain that does not exist now. */
  'xenscope/domainAct': { params: OnHost<{ act: string; who: number | string }>; result: null };
}

export interface RingNotifications {
  'xenscope/ringsFrame': {
    readonly host: string;
    /** Forget what was known before: these are all rings. */
    readonly whole: boolean;
    /** Those that the frame before did not have. */
    readonly rings: readonly RingRow[];
    /** What changed since then in the others. */
    readonly changes: readonly RingChange[];
    readonly gone: readonly string[];
    /** Rings beyond the limit that are not looked at. */
    readonly leftOut: number;
  };
  'xenscope/ringFrame': { readonly viewId: number; readonly frame: RingFrame };
  /** The ring's page is gone; no more frames come. */
  'xenscope/ringGone': { readonly viewId: number };
  /** All that the doctor finds on this host now. */
  'xenscope/findings': { readonly host: string; readonly findings: readonly RingFinding[] };
  'xenscope/reconnectStep': { readonly serial: number; readonly step: ReconnectStep };
  'xenscope/worldChanged': { readonly host: string; readonly world: WorldState };
}
