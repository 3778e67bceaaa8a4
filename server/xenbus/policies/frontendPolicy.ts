/** What a frontend does next, from what is seen of a device. Pure, as the policies of backends are. */
import { holdsRings } from '../../wire/xenbusDance';
import { XenbusState } from '../../wire/xenbusState';

const { Unknown, Initialising, InitWait, Initialised, Connected, Closing, Closed } = XenbusState;

export interface FrontendHabits {
  /**
   * Where it goes when its rings are published: Linux' netfront is Connected at once, its blkfront
   * waits as Initialised until the backend is.
   */
  readonly published: typeof Initialised | typeof Connected;
  /**
   * Whether it brings the device to Closed on both ends before it connects: `always`, as the Windows
   * drivers do, so that nothing is left of the firmware that used it; `ifUsed`, where it finds a state
   * other than Initialising, as after a kexec.
   */
  readonly closesFirst: 'always' | 'ifUsed' | 'never';
  /** Begins anew by itself when both have closed and the device is still online. */
  readonly reopens: boolean;
}

export interface FrontendView {
  readonly own: XenbusState;
  readonly other: XenbusState;
  /** The backend's `online`, as far as it may be read. */
  readonly online: boolean;
  /** Nothing is left to close before the device can be connected. */
  readonly isFresh: boolean;
  /** Its rings are shared. */
  readonly isAttached: boolean;
}

export type FrontendStep =
  /** Makes the rings and publishes them, then `state` moves. */
  | { readonly kind: 'attach'; readonly to: XenbusState }
  /** Moves `state`; rings are taken back first, unless the new state keeps them. */
  | { readonly kind: 'switch'; readonly to: XenbusState }
  | { readonly kind: 'release' }
  | { readonly kind: 'end' };

export function nextFrontendStep(view: FrontendView, habits: FrontendHabits): FrontendStep | undefined {
  const { own, other, online, isFresh, isAttached } = view;
  if (own === Unknown) return { kind: 'end' };
  if (!isFresh) return closeFirst(own, other);
  // Somebody else wrote a state that has no rings, or one that needs rings that are not there.
  if (isAttached && !holdsRings('frontend', own) && own !== Closing) return { kind: 'release' };
  if (!isAttached && holdsRings('frontend', own)) return { kind: 'switch', to: Closing };
  switch (other) {
    case InitWait:
      return own === Initialising ? { kind: 'attach', to: habits.published } : undefined;
    case Connected:
      return own === Initialised ? { kind: 'switch', to: Connected } : undefined;
    case Closing:
      return own === Closed ? undefined : { kind: 'switch', to: Closed };
    case Closed:
      if (own === Closed) return habits.reopens && online ? { kind: 'switch', to: Initialising } : undefined;
      // One that begins anew has to wait until the backend sees it.
      return own === Initialising ? undefined : { kind: 'switch', to: Closed };
    default:
      return undefined;
  }
}

function closeFirst(own: XenbusState, other: XenbusState): FrontendStep | undefined {
  if (own === Closed) return other === Closed ? { kind: 'switch', to: Initialising } : undefined;
  if (own !== Closing) return { kind: 'switch', to: Closing };
  return other === Closing || other === Closed ? { kind: 'switch', to: Closed } : undefined;
}
