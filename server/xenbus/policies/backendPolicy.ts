/**
 * What a backend does next, from what is seen of a device. Pure: the same view gives the same step,
 * so a driver may ask as often as it likes, and events that come twice or in heaps change nothing.
 */
import type { XenbusState } from '../../wire/xenbusState';

/**
 * Where the hotplug script stands: it is to be started; it was and has not answered, which may never
 * change; it has done its work, or there is none.
 */
export type Hotplug = 'due' | 'hangs' | 'done';

export interface BackendView {
  /** What the backend's own `state` says, whoever wrote it. */
  readonly own: XenbusState;
  /** What the frontend's says. */
  readonly other: XenbusState;
  /** The toolstack wants the device to be there. */
  readonly online: boolean;
  /** This driver has prepared the device. */
  readonly isSetUp: boolean;
  readonly hotplug: Hotplug;
  /** This driver maps the frontend's rings. */
  readonly isAttached: boolean;
}

export type BackendStep =
  /** Begins with the device: the class prepares it, then `state` moves. */
  | { readonly kind: 'init'; readonly to: XenbusState }
  | { readonly kind: 'plug' }
  /** Maps the rings, then `state` moves. */
  | { readonly kind: 'attach'; readonly to: XenbusState }
  /** Moves `state`; rings that are mapped are let go first. */
  | { readonly kind: 'switch'; readonly to: XenbusState }
  /** Lets the rings go under a state that somebody else wrote. */
  | { readonly kind: 'release' }
  /** The device is no longer ours. */
  | { readonly kind: 'end' };

export interface BackendPolicy {
  readonly name: string;
  /** What it watches of the frontend: its `state`, or its folder, of whose nodes only some are looked at. */
  readonly watches: 'state' | 'folder';
  /** `hotplug-status` is written by the driver itself, not by a script. */
  readonly writesHotplugStatus: boolean;
  /** A step that fails closes the device; otherwise it stays where it is and tries again at the next change. */
  readonly closesOnFailure: boolean;
  next(view: BackendView): BackendStep | undefined;
}
