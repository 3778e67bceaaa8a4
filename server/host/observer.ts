/**
 * What somebody sees who looks at shared pages without taking part. An observer reads and never
 * writes, holds no page longer than it must, and knows nothing that is private to an end.
 */
import type { DeviceRing } from '../wire/deviceRings/deviceRing';
import type { PvCallsEdition } from '../wire/pvcalls/dataPage';

/** Of a vchan to its server and to its client; of a device to its frontend and to its backend. */
export type ObservedRingName = 'left' | 'right' | 'in' | 'out';

export interface ObservedPage {
  /** Stable while the page is there, e.g. `xenstore:3`. */
  readonly id: string;
  /** What lies in it, by the name of its layout. */
  readonly kind: 'xenstore' | 'console' | 'vchan' | 'device';
  /** Whose page it is: of a vchan its server, of a device its frontend. */
  readonly domid: number;
  /**
   * How long the rings are that the page rules, where it says so itself: of a vchan the one to the server
   * and the one to the client, of a flex ring `in` and `out`.
   */
  readonly ringBytes?: readonly [left: number, right: number];
  /** `device` only: which ring of which device; `copy` goes through all of its pages. */
  readonly device?: DeviceRing;
  /** Data rings of PV Calls only: how their page of indices is laid out. */
  readonly edition?: PvCallsEdition['name'];
  /** `vchan` only: the grant under which its page is lent. */
  readonly gref?: number;
  /** `vchan` only: to whom it is lent, where that is told; else to the domain that looks. */
  readonly peerDomid?: number;
  /** How it was found, in words: a hover. */
  readonly found: string;
  /**
   * Copies `into.length` bytes of the page from `offset` on, or from its beginning, and no more than it
   * has. False when it is gone: the observer then drops it. May throw when it cannot be read now.
   */
  copy(into: Uint8Array, offset?: number): boolean;
  /**
   * Of a vchan, a 9pfs device, or a socket of PV Calls: the same of the bytes of one of its rings, which may lie in other pages;
   * `into` must fit behind `offset`. Throws a XenscopeError where they cannot be reached.
   */
  copyRing?(ring: ObservedRingName, into: Uint8Array, offset: number): boolean;
  /** `vchan` only: whether `copyRing` of that ring costs no more than `copy`: nothing is to be mapped for it. */
  isRingAtHand?(ring: ObservedRingName): boolean;
  /** Simulated hosts only: what no observer of a real host could know. */
  readonly inside?: ObservedInside;
}

/** The doorbell of a page, seen from inside the hypervisor. */
export interface ObservedInside {
  /** Somebody rang, and that end has not been told yet. */
  readonly pendingToServer: boolean;
  readonly pendingToGuest: boolean;
  /** How often that end was told so far; undefined where nobody is bound to it. */
  readonly toldServer: number | undefined;
  readonly toldGuest: number | undefined;
}

export interface Observer {
  pages(): readonly ObservedPage[];
  /** Calls `listener` when pages come or go; returns how to stop. */
  onChange(listener: () => void): () => void;
  /**
   * Rings that no node names, as `namer` has learned of them elsewhere: those that can be looked at are among the
   * pages from now on. They take the place of those that it named before. Absent where none can be reached.
   */
  nameRings?(namer: object, rings: readonly DeviceRing[]): void;
  /** Why a ring that was named is not among the pages, in a sentence or two; undefined where it is. */
  whyUnseen?(ring: DeviceRing): string | undefined;
  /**
   * Simulated hosts only: calls `listener` after each thing that happened, with the domain that it
   * happened to where it was one. It must be quick, and must not change anything; returns how to stop.
   */
  onMove?(listener: (domid: number | undefined) => void): () => void;
}
