/**
 * The part of the contract that is about standing before a backend of PV Calls: what it is asked is held, answered
 * by hand or by rules. And about a backend of our own on a real host. Joined to the rest in api.ts.
 */
import type { ErrnoRow, RuleCheck } from '../act/ruleCheck';
import type {
  CallDecision,
  InterceptEvent,
  InterceptSettings,
  InterceptState,
} from '../host/callInterceptor';

export type { ErrnoRow, RuleCheck } from '../act/ruleCheck';
export type {
  CallAsked,
  CallDecision,
  CallField,
  HeldCall,
  InterceptEvent,
  InterceptRule,
  InterceptRuleState,
  InterceptSettings,
  InterceptState,
  PretendedPeer,
} from '../host/callInterceptor';

type OnHost<T = unknown> = { readonly host: string } & T;
/** `domid`: the domain whose backend it is. */
type AtBackend<T = unknown> = OnHost<{ readonly domid: number } & T>;

export interface InterceptBackend {
  readonly domid: number;
  /** How many are connected. */
  readonly devices: number;
  readonly isOn: boolean;
  /** Whether the device that was asked for is connected to it; absent where none was. */
  readonly servesDevice?: boolean;
}

export interface InterceptChoices {
  readonly backends: readonly InterceptBackend[];
  /** A backend of our own can be opened on this host, or is open and among the others. */
  readonly own?: 'closed' | 'open';
  /** Why there is none of ours, in a sentence or two; absent where there can be one. */
  readonly whyNoOwn?: string;
}

/** What the guard says before a backend of ours is opened. */
export interface ServingPreview {
  readonly verdict: 'allow' | 'confirm' | 'refuse';
  readonly text: string;
  readonly details: readonly string[];
}

export interface InterceptNews {
  readonly host: string;
  readonly viewId: number;
  /** Absent: this backend is no more, or not yet. */
  readonly state?: InterceptState;
  /** Held calls that are not among those of `state`: the first of them are. */
  readonly heldLeftOut: number;
  /** Since the news before, oldest first. */
  readonly events: readonly InterceptEvent[];
  /** So many before them were left out. */
  readonly eventsLeftOut: number;
  /** Of our own: what was found, the last of it, in sentences. */
  readonly findings?: readonly string[];
}

export interface InterceptRequests {
  /** `device`: the backend's folder of one. */
  'xenscope/interceptChoices': { params: OnHost<{ device?: string }>; result: InterceptChoices };
  /** Begins to send `xenscope/interceptNews` of this backend, also while it is not there. */
  'xenscope/intercept': {
    params: AtBackend;
    result: { readonly viewId: number; readonly errors: readonly ErrnoRow[] };
  };
  'xenscope/interceptStop': { params: { viewId: number }; result: null };
  'xenscope/interceptSet': { params: AtBackend<{ settings: InterceptSettings }>; result: null };
  /** `call`: its number in the state. */
  'xenscope/interceptDecide': {
    params: AtBackend<{ call: number; decision: CallDecision; delayMs: number }>;
    result: null;
  };
  'xenscope/interceptCheck': { params: { line: string }; result: RuleCheck };

  'xenscope/servingPreview': { params: OnHost<{ allow: readonly string[] }>; result: ServingPreview };
  'xenscope/servingOpen': {
    params: OnHost<{ allow: readonly string[]; confirmed: boolean }>;
    result: { readonly domid: number };
  };
  /** Answers the devices whose guest did not close its end in time. */
  'xenscope/servingClose': { params: OnHost; result: readonly string[] };
}

export interface InterceptNotifications {
  'xenscope/interceptNews': InterceptNews;
}
