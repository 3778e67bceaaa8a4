/**
 * What a person can do with a device, as plain JSON values: the editor's contract passes them on as they
 * are. Keep this file free of imports, it is compiled for every runtime.
 */

export type DeviceAct =
  /** Closes both ends, then lets the frontend begin anew. */
  | { readonly kind: 'reconnect' }
  /** As a toolstack unplugs: `online` 0, and the backend is to close. */
  | { readonly kind: 'offline' }
  /** `online` 1; ends that have closed begin anew. */
  | { readonly kind: 'online' }
  /** Closed at both ends at once, without the dance. */
  | { readonly kind: 'forceClose' }
  /** One move that the rules have, as one side or the other. `to` is a XenbusState. */
  | { readonly kind: 'move'; readonly side: 'frontend' | 'backend'; readonly to: number }
  /** Removes what nobody uses any more: of one device, or all backends that a domain left behind. */
  | { readonly kind: 'cleanUp' };

/** One node that is written or removed. */
export interface NodeChange {
  readonly path: string;
  /** Absent: it is not there, or its value says nothing here. */
  readonly from?: string;
  /** Absent: it is removed, with all below it. */
  readonly to?: string;
}
