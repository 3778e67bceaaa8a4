/**
 * What a person may do with the calls that reach a backend of PV Calls, before it does anything: hold them,
 * look at them, answer them in its place. Rules are lines of text (server/pvcalls/intercept/rules.ts).
 */

/** What is at the other end of a connection that was never made: `echo` gives all back, `sink` takes it and says nothing. */
export type PretendedPeer = 'echo' | 'sink';

export type CallDecision =
  /** The backend does it, and answers whatever comes of it. */
  | { readonly kind: 'pass' }
  /** Nothing is done, and `ret` is answered: a negative errno. */
  | { readonly kind: 'refuse'; readonly ret: number }
  /** Nothing is done, and 0 is answered. A CONNECT or an ACCEPT gets its data rings all the same. */
  | { readonly kind: 'pretend'; readonly peer: PretendedPeer }
  /** It stays unanswered, until somebody decides otherwise. */
  | { readonly kind: 'never' };

export interface InterceptRule {
  readonly line: string;
  readonly isEnabled: boolean;
}

export interface InterceptSettings {
  readonly isOn: boolean;
  /** Calls that no rule is about are held for a person; otherwise they pass. */
  readonly holdsOthers: boolean;
  /** The first that fits decides. */
  readonly rules: readonly InterceptRule[];
}

export interface InterceptRuleState extends InterceptRule {
  /** What it does, in a sentence; or what is wrong with it. */
  readonly text: string;
  readonly isWrong: boolean;
  /** How many calls it has decided since it was written so. */
  readonly hits: number;
}

export interface CallField {
  readonly name: string;
  readonly text: string;
  readonly meaning: string;
}

export interface CallAsked {
  /** Of the frontend. */
  readonly domid: number;
  /** The backend's folder of the device. */
  readonly device: string;
  /** `connect`, or `command 9`. */
  readonly command: string;
  /** The frontend's number for the socket. */
  readonly socket: string;
  /** The call in one line: `connect socket 7 to 10.0.0.1:80`. */
  readonly text: string;
}

/** `held`: for a person. `waiting`: it is decided, and done later. `silent`: not to be answered. */
export type HeldState = 'held' | 'waiting' | 'silent';

export interface HeldCall extends CallAsked {
  /** Counts all that the interceptor has taken from 1. */
  readonly number: number;
  readonly atMs: number;
  readonly fields: readonly CallField[];
  /** The 64 bytes of the request, in hexadecimal. */
  readonly slot: string;
  readonly state: HeldState;
  /** Of one that is waiting. */
  readonly dueMs?: number;
  /** What was decided, and by whom, in words. */
  readonly decided?: string;
}

/** One thing that a guest asked, that it was answered, or that happened to a call meanwhile. */
export interface InterceptEvent extends CallAsked {
  /** Counts all of them from 1. */
  readonly number: number;
  readonly atMs: number;
  readonly kind: 'asked' | 'answered' | 'note';
  /** A clause or a sentence: what was asked, what it was answered and by whom. */
  readonly says: string;
  /** Of an answer. */
  readonly ret?: number;
}

export interface InterceptState extends Omit<InterceptSettings, 'rules'> {
  readonly rules: readonly InterceptRuleState[];
  /** Oldest first. */
  readonly held: readonly HeldCall[];
  /** Of the backend's clock, by which all its times are told. */
  readonly nowMs: number;
  /** Devices that are connected. */
  readonly devices: readonly { readonly path: string; readonly domid: number }[];
  /** Calls that passed because so many were held already. */
  readonly passedAtLimit: number;
}

export interface CallInterceptor {
  /** The domain whose backend it is. */
  readonly domid: number;
  state(): InterceptState;
  /** What it keeps of the device in this folder of its backend, by the numbers that the frontend gave. */
  heldAt(device: string): ReadonlyMap<number, HeldState>;
  /** The last of them with a number above `after`, oldest first. */
  eventsAfter(after: number): readonly InterceptEvent[];
  /** Turned off, all that is held passes. Throws a XenscopeError `limit` on too many rules. */
  set(settings: InterceptSettings): void;
  /** Throws a XenscopeError `gone` where there is no such call any more, `input` on a decision that makes no sense. */
  decide(call: number, decision: CallDecision, delayMs?: number): void;
  /** Calls `listener` when anything of it changes; returns how to stop. */
  onChange(listener: () => void): () => void;
}
