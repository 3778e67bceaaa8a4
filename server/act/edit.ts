/** What can be done to a store by hand, and what the guard says of it. */
import type { XsPerm } from '../wire/xsPerms';
import type { DeviceAct, NodeChange } from './devices/deviceAct';

export type Edit = NodeEdit | DeviceEdit;

/** On the device of which `path` is one end; a clean-up of what a domain left behind has that domain's path. */
export interface DeviceEdit {
  readonly kind: 'device';
  readonly path: string;
  readonly act: DeviceAct;
  /** The changes that the person saw in the preview: when they would be others by now, nothing is done. */
  readonly expected?: readonly NodeChange[];
}

export type NodeEdit =
  /** Without `create` the node must exist; with it, missing parents are made as well. */
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly value: Buffer;
      readonly create: boolean;
      /** What the person saw there, `null` for no node: when it is something else by now, nothing is done. */
      readonly expected?: Buffer | null;
    }
  /** The node and all below it. */
  | {
      readonly kind: 'remove';
      readonly path: string;
      /** The person was told that it cannot be taken back: without that nothing is done where it is so. */
      readonly knownFinal?: boolean;
    }
  | {
      readonly kind: 'setPerms';
      readonly path: string;
      readonly perms: readonly XsPerm[];
      /** As for a write. */
      readonly expected?: readonly XsPerm[];
    };

export interface Verdict {
  readonly verdict: 'allow' | 'confirm' | 'refuse';
  /** One sentence: what will happen, with names and numbers, or whether it shall; or why it will not. */
  readonly text: string;
  /** Further lines: paths that go, what is lost, how to insist. */
  readonly details: readonly string[];
  /** Somebody else changed it since the person looked: to be done without `expected`, or not at all. */
  readonly overtaken?: true;
  /** It cannot be taken back; the first of the details says why. */
  readonly isFinal?: true;
  /** Of a vchan: the ring-ref of the one whose place is taken, to be named by whoever agreed to it. */
  readonly replaces?: string;
  /** Of an act on a device: the nodes that are written or removed. */
  readonly changes?: readonly NodeChange[];
}

export interface Done {
  /** One sentence: what was done. */
  readonly text: string;
  /** For `undo`, while it is remembered; absent when it cannot be taken back. */
  readonly undoId?: number;
}
