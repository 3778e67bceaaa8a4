/** What all backends do alike, before they look at what is their own. */
import { holdsRings } from '../../wire/xenbusDance';
import { XenbusState } from '../../wire/xenbusState';
import type { BackendStep, BackendView } from './backendPolicy';

const { Unknown, Closing } = XenbusState;

/**
 * Undefined where there is nothing to do but what the policy says. Somebody else may write a
 * backend's state: then what is held has to fit again, before anything else happens.
 */
export function repair({ own, isSetUp, isAttached }: BackendView): BackendStep | undefined {
  if (own === Unknown) return { kind: 'end' };
  // Under Closing the frontend may still use its rings: it has to close first.
  if (isAttached && !holdsRings('backend', own) && own !== Closing) return { kind: 'release' };
  // A connection that this driver knows nothing of cannot be served: the frontend has to connect anew.
  if (!isAttached && holdsRings('backend', own)) return { kind: 'switch', to: Closing };
  if (!isSetUp && own === XenbusState.Initialised) return { kind: 'switch', to: Closing };
  return undefined;
}

export const publishesRings = (other: XenbusState) =>
  other === XenbusState.Initialised || other === XenbusState.Connected;
