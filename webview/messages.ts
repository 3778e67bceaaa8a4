/** What the extension and its webviews say to each other: one union for each direction of each panel. */
import type {
  DeviceAct,
  DeviceFrame,
  DeviceSideName,
  Domain,
  Perm,
  Preview,
  ReconnectPreview,
  ReconnectReport,
  ReconnectStep,
  RingFrame,
  RingStrip,
  VchanNews,
  VchanPlan,
} from '../server/rpc/api';

export type * from './pvcalls/messages';
export type * from './pvcallsComposer/messages';
export type * from './pvcallsIntercept/messages';

export type ToPermissions =
  /** What the store holds now. */
  | {
      readonly kind: 'show';
      readonly path: string;
      readonly hostLabel: string;
      readonly perms: readonly Perm[];
      /** The same in sentences. */
      readonly permsText: readonly string[];
      readonly domains: readonly Domain[];
    }
  /** Answers the `ask` with the same serial. */
  | ({ readonly kind: 'preview'; readonly serial: number } & Preview)
  /** A sentence about what was just done. */
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string };

export type FromPermissions =
  | { readonly kind: 'ready' }
  /** The draft changed: what would it do? */
  | { readonly kind: 'ask'; readonly serial: number; readonly perms: readonly Perm[] }
  /** `base`: what the person saw in the store. */
  | { readonly kind: 'apply'; readonly perms: readonly Perm[]; readonly base: readonly Perm[] }
  | { readonly kind: 'copy'; readonly text: string }
  | { readonly kind: 'reload' };

export type ToRing =
  /** Whose ring it is: `web (3)`, and on which host. */
  | {
      readonly kind: 'about';
      /** What the page keeps, so that the panel can be brought back. */
      readonly host: string;
      readonly ring: string;
      readonly owner: string;
      readonly hostLabel: string;
      readonly simulated: boolean;
    }
  | { readonly kind: 'frame'; readonly frame: RingFrame }
  /** What was seen before the first frame. */
  | { readonly kind: 'strip'; readonly strip: RingStrip }
  /** Nothing comes any more, for now: one sentence says why. */
  | { readonly kind: 'away'; readonly text: string }
  /** The ring is another one from now on, or none: a reconnect that was shown is of the past. */
  | { readonly kind: 'anew' }
  /** What a reconnect would do, to be asked about. */
  | { readonly kind: 'reconnectPreview'; readonly preview: ReconnectPreview }
  | { readonly kind: 'reconnectStep'; readonly step: ReconnectStep }
  | { readonly kind: 'reconnectResult'; readonly result: ReconnectReport }
  | { readonly kind: 'reconnectFailed'; readonly text: string };

export type FromRing =
  | { readonly kind: 'ready' }
  /** The person asks what a reconnect would do. */
  | { readonly kind: 'askReconnect' }
  /** The person has read the preview and agreed. */
  | { readonly kind: 'reconnect'; readonly forced: boolean }
  /** The view stands still; nothing needs to be sent. */
  | { readonly kind: 'pause'; readonly paused: boolean }
  | { readonly kind: 'copy'; readonly text: string };

/** An end of our own; or one between others, by the name of its ring, which is only watched. */
export type VchanSubject =
  { readonly kind: 'end'; readonly plan: VchanPlan } | { readonly kind: 'watch'; readonly ring: string };

/** What the page of a vchan keeps beside its draft, so that the panel can be brought back. */
export interface KeptVchan {
  readonly host: string;
  readonly subject: VchanSubject;
  readonly lines: readonly string[];
  /** Of one that is watched, where that is known. */
  readonly client?: number;
  /** How the domains were called: they may have ended. */
  readonly names: readonly (readonly [domid: number, name: string])[];
}

export type ToVchan =
  /** Which end this is, of whom, and what the guard said of it. */
  | {
      readonly kind: 'about';
      /** `watch`: no end is ours; then `own` is its client, and `peer` its server. */
      readonly role: 'server' | 'client' | 'watch';
      /** `web (3)`. */
      readonly own: string;
      readonly peer: string;
      readonly path: string;
      readonly hostLabel: string;
      readonly simulated: boolean;
      readonly lines: readonly string[];
      readonly kept: KeptVchan;
    }
  /** It is being opened, for the first time or again: what was counted begins anew. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'news'; readonly news: VchanNews }
  /** So much was written into the ring, as it is shown in the log. */
  | { readonly kind: 'wrote'; readonly timeMs: number; readonly bytes: string }
  /** How far a file has come. */
  | { readonly kind: 'sending'; readonly text: string }
  /** A send is over. `serial` as it was asked for; absent for a file. `isStopped`: by the person. */
  | {
      readonly kind: 'sent';
      readonly serial?: number;
      readonly text: string;
      readonly problem?: string;
      readonly isStopped?: true;
    }
  /** Nothing comes any more: the server or the host is gone. */
  | { readonly kind: 'away'; readonly text: string }
  | { readonly kind: 'recording'; readonly file?: string }
  | { readonly kind: 'said'; readonly text: string; readonly failed: boolean };

export type FromVchan =
  | { readonly kind: 'ready' }
  | { readonly kind: 'send'; readonly serial: number; readonly bytes: string }
  | { readonly kind: 'stopSending' }
  | { readonly kind: 'reading'; readonly reads: boolean }
  /** The extension asks how, where it matters. */
  | {
      readonly kind: 'sendFile' | 'close' | 'abort' | 'reopen' | 'showRing' | 'record' | 'stopRecording';
    };

export type ToDevice =
  /** What states are called, and what each means at either side. */
  | {
      readonly kind: 'about';
      /** What the page keeps, so that the panel can be brought back. */
      readonly host: string;
      readonly device: string;
      readonly hostLabel: string;
      readonly states: readonly string[];
      readonly meanings: Readonly<Record<DeviceSideName, readonly string[]>>;
    }
  | {
      readonly kind: 'frame';
      readonly frame: DeviceFrame;
      /** `web (3)`. */
      readonly owners: Readonly<Record<DeviceSideName, string>>;
      /** Those that fit the device as it stands. */
      readonly acts: readonly {
        readonly name: DeviceAct['kind'];
        readonly verb: string;
        readonly detail: string;
      }[];
    }
  | {
      readonly kind: 'rings';
      readonly rings: readonly { readonly id: string; readonly label: string; readonly text: string }[];
    }
  /** Nothing comes any more, for now: one sentence says why. */
  | { readonly kind: 'away'; readonly text: string };

export type FromDevice =
  | { readonly kind: 'ready' }
  /** Each act asks before it does anything. */
  | { readonly kind: 'act'; readonly name: DeviceAct['kind'] }
  | { readonly kind: 'move'; readonly side: DeviceSideName; readonly to: number }
  | { readonly kind: 'showRing'; readonly ring: string }
  | { readonly kind: 'showNodes'; readonly path: string };
