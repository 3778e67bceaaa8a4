/**
 * The contract between the server and its editors, and the only file of the server that the
 * extension imports. Requests and notifications travel on the language server's connection under
 * the names below. Everything is JSON; octets are base64 (`Base64`), so that any value survives.
 */

import type {
  Domain,
  FindQuery,
  FindResult,
  Meaning,
  NodePage,
  NodeRow,
  TreeChange,
} from '../model/treeTypes';
import type { OfferedFeature } from '../wire/offeredFeatures';
import type { DeviceFindingNotifications, DeviceFindingRequests } from './deviceFindingsApi';
import type { DeviceAct, DeviceNotifications, DeviceRequests, NodeChange } from './devicesApi';
import type { PvCallsNotifications, PvCallsRequests } from './pvcallsApi';
import type { ComposerNotifications, ComposerRequests } from './pvcallsComposerApi';
import type { InterceptNotifications, InterceptRequests } from './pvcallsInterceptApi';
import type { RingNotifications, RingRequests } from './ringsApi';
import type { VchanNotifications, VchanRequests } from './vchanApi';

export type { OfferedFeature };

export type * from './deviceFindingsApi';
export type * from './devicesApi';
export type * from './pvcallsApi';
export type * from './pvcallsComposerApi';
export type * from './pvcallsInterceptApi';
export { errnoSentence, errnoText, idText, isOrderlyEnd, numberText } from './pvcallsWords';
export type * from './ringsApi';
export type * from './vchanApi';
export type {
  Domain,
  FindQuery,
  FindResult,
  Meaning,
  NodePage,
  NodeRow,
  TreeChange,
} from '../model/treeTypes';

export const apiVersion = 1;

export type Base64 = string;

/** ---- hosts ------------------------------------------------------------------------------- */

export type HostState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** Lost or not there; tried again after `retryInMs`. `reason` is a sentence. */
  | { readonly kind: 'away'; readonly reason: string; readonly retryInMs: number };

export interface HostInfo {
  /** Stable over restarts, lower case, fit for the authority of a URI: `simulator`, `local`, `socket-1f3a…`. */
  readonly id: string;
  /** `machine`: the Xen that the server's machine runs under. */
  readonly kind: 'simulator' | 'machine' | 'socket';
  /** What a person calls it: `Simulator`, `This machine's Xen`, or the end of an added socket's path. */
  readonly label: string;
  readonly state: HostState;
  /** Where other programs reach the same store (what XENSTORED_PATH must say); absent when nowhere. */
  readonly socketPath?: string;
  /** Simulator only. */
  readonly world?: WorldInfo;
  /** Added by a person, so it can be removed again. */
  readonly removable: boolean;
  /** It has a flight recorder, whose contents can be saved. */
  readonly recorded?: boolean;
  /** Why it cannot be connected from here; absent where it can. */
  readonly unavailable?: Unavailable;
  /** Why its rings cannot be seen while it is connected; absent where they can, or never could. */
  readonly whyNoRings?: string;
  /** A server that runs as root for this user listens at this socket: through it the host can be had. */
  readonly rootServer?: string;
}

export interface Unavailable {
  /** `absent`: there is no such host here. `denied`: there is, and another user may open it. */
  readonly kind: 'absent' | 'denied';
  /** One sentence or two. */
  readonly reason: string;
  /** For a terminal: what makes it available. */
  readonly command?: string;
}

export interface WorldInfo {
  readonly seed: number;
  /** 1 is human speed, 0 is quiet. */
  readonly pace: number;
  /** What its store offers on rings; absent: all that it can. */
  readonly ringFeatures?: readonly OfferedFeature[];
}

/** ---- the tree ---------------------------------------------------------------------------- */

export interface Perm {
  readonly domid: number;
  readonly read: boolean;
  readonly write: boolean;
}

export interface NodeDetail {
  readonly path: string;
  readonly value: Base64;
  /** How many there are. */
  readonly children: number;
  /** First entry: the owner, and what every domain not listed may do. */
  readonly perms: readonly Perm[];
  /** The permissions in sentences, with names of domains. */
  readonly permsText: readonly string[];
  readonly meaning?: Meaning;
}

/** ---- acts by hand ------------------------------------------------------------------------ */

/** What the guard says of an act before it is done. */
export interface Preview {
  readonly verdict: 'allow' | 'confirm' | 'refuse';
  /** One sentence: what will happen, with names and numbers. */
  readonly text: string;
  /** Further lines: paths that go, what is lost, why it is refused and how to insist. */
  readonly details: readonly string[];
  /** Somebody else changed it since the person looked: to be done without `expected`, or not at all. */
  readonly overtaken?: true;
  /** It cannot be taken back; the first of the details says why. */
  readonly isFinal?: true;
  /** Of an act on a device: the nodes that are written or removed. */
  readonly changes?: readonly NodeChange[];
}

/**
 * `expected`: what the person saw there, `null` for no node. When it is something else by now,
 * nothing is done, and the request fails with the code `overtaken`.
 */
export type Act =
  /**
   * `create`: makes the node, with its missing parents, when it does not exist, and asks before it
   * replaces the value of one that does. Without it a node that does not exist is refused.
   */
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly value: Base64;
      readonly create: boolean;
      readonly expected?: Base64 | null;
    }
  /**
   * `knownFinal`: the person was told that it cannot be taken back. Otherwise it is not done where that
   * is so, and the request fails with the code `overtaken`.
   */
  | { readonly kind: 'remove'; readonly path: string; readonly knownFinal?: boolean }
  | {
      readonly kind: 'setPerms';
      readonly path: string;
      readonly perms: readonly Perm[];
      readonly expected?: readonly Perm[];
    }
  /**
   * On the device of which `path` is one end, or, to clean up what a domain left behind, on that domain's path.
   * `expected`: the changes that the preview showed.
   */
  | {
      readonly kind: 'device';
      readonly path: string;
      readonly act: DeviceAct;
      readonly expected?: readonly NodeChange[];
    };

export interface ActResult {
  /** One sentence: what was done. */
  readonly text: string;
  /** Hand to `undo` to take it back, while the server remembers it. */
  readonly undoId?: number;
}

/** ---- watches ----------------------------------------------------------------------------- */

export interface WatchReport {
  readonly watchId: number;
  /** Milliseconds since the epoch, of the host's clock. */
  readonly timeMs: number;
  /** Counts the reports of this watch from 1, those left out included. */
  readonly count: number;
  readonly path: string;
  /** Absent: the node did not exist, or could not be read (`oldUnknown`). */
  readonly oldValue?: Base64;
  readonly newValue?: Base64;
  /** The value before is not known, because the node was not seen before. */
  readonly oldUnknown: boolean;
  /** Reports left out before this one because they came faster than they could be sent. */
  readonly dropped: number;
  /**
   * After a time without news from the store: `perhaps` stands for that time, once, whether or not
   * anything happened in it; `found` for a difference that it left behind.
   */
  readonly missed?: 'perhaps' | 'found';
}

/** ---- the flight recorder ----------------------------------------------------------------- */

export interface SavedJournal {
  readonly entries: number;
  /** Older ones, which the recorder did not hold any more. */
  readonly droppedEntries: number;
  readonly bytes: number;
}

/** ---- errors ------------------------------------------------------------------------------ */

/** `data` of a failed request: the message is the first sentence, `wayOut` the second. */
export interface ApiErrorData {
  readonly code: string;
  /** The store's answer, e.g. `EACCES`. */
  readonly storeError?: string;
  readonly wayOut?: string;
}

/** ---- requests ---------------------------------------------------------------------------- */

export interface InitializeOptions {
  readonly apiVersion: number;
  readonly seed: number;
  readonly pace: number;
  /** As WorldInfo.ringFeatures. */
  readonly ringFeatures?: readonly OfferedFeature[];
  /** Sockets that the person added, by path. */
  readonly sockets: readonly string[];
  /** Whether edits of domain 0's own paths on a real host are allowed at all. */
  readonly allowDomain0Edits: boolean;
  /** Where a server that runs as root is looked for; absent or empty: where `xenscope serve --owner` listens. */
  readonly rootServer?: string;
  /** Ids of watches and views begin here; absent: 1. An editor with two servers tells them apart by it. */
  readonly firstId?: number;
}

export type ApiSettings = Omit<InitializeOptions, 'apiVersion' | 'seed' | 'ringFeatures' | 'firstId'>;

type OnHost<T = unknown> = { readonly host: string } & T;

/** Each request: what goes in, what comes out. A failed one carries ApiErrorData. */
export interface ApiRequests
  extends
    RingRequests,
    DeviceRequests,
    DeviceFindingRequests,
    VchanRequests,
    PvCallsRequests,
    ComposerRequests,
    InterceptRequests {
  'xenscope/settings': { params: ApiSettings; result: null };
  'xenscope/hosts': { params: null; result: readonly HostInfo[] };
  /** Connects if need be, and tries again at once when the host is away. */
  'xenscope/connect': { params: OnHost; result: HostInfo };
  'xenscope/disconnect': { params: OnHost; result: null };
  'xenscope/setPace': { params: OnHost<{ pace: number }>; result: null };
  'xenscope/domains': { params: OnHost; result: readonly Domain[] };

  /** Lists children and observes the directory from now on: its changes come as `xenscope/treeChanged`. */
  'xenscope/children': { params: OnHost<{ path: string; offset: number; limit: number }>; result: NodePage };
  /** These directories are no longer on screen. */
  'xenscope/unobserve': { params: OnHost<{ paths: readonly string[] }>; result: null };
  'xenscope/row': { params: OnHost<{ path: string }>; result: NodeRow };
  'xenscope/detail': { params: OnHost<{ path: string }>; result: NodeDetail };
  'xenscope/names': { params: OnHost<{ path: string }>; result: readonly string[] };
  'xenscope/dump': { params: OnHost<{ path: string; format: 'text' | 'json' }>; result: string };
  /** With a `serial`, matches come before the result as `xenscope/found` with the same one. */
  'xenscope/find': { params: OnHost<FindQuery & { serial?: number }>; result: FindResult };

  'xenscope/preview': { params: OnHost<{ act: Act }>; result: Preview };
  /** `confirmed`: the person has read the preview and agreed. */
  'xenscope/act': { params: OnHost<{ act: Act; confirmed: boolean }>; result: ActResult };
  'xenscope/undo': { params: OnHost<{ undoId: number }>; result: ActResult };

  'xenscope/watch': { params: OnHost<{ path: string }>; result: { readonly watchId: number } };
  'xenscope/unwatch': { params: { watchId: number }; result: null };

  /** Writes the last of what passed into a file of the server's machine, and replaces what it held. */
  'xenscope/saveJournal': { params: OnHost<{ file: string }>; result: SavedJournal };
}

export interface ApiNotifications
  extends
    RingNotifications,
    DeviceNotifications,
    DeviceFindingNotifications,
    VchanNotifications,
    PvCallsNotifications,
    ComposerNotifications,
    InterceptNotifications {
  'xenscope/hostsChanged': { readonly hosts: readonly HostInfo[] };
  'xenscope/treeChanged': { readonly host: string; readonly changes: readonly TreeChange[] };
  'xenscope/domainsChanged': { readonly host: string; readonly domains: readonly Domain[] };
  /** Further matches of a search under way. Some may be left out: its result has all. */
  'xenscope/found': { readonly serial: number; readonly rows: readonly NodeRow[] };
  'xenscope/watchReports': { readonly reports: readonly WatchReport[] };
}

export type RequestName = keyof ApiRequests;
export type NotificationName = keyof ApiNotifications;
