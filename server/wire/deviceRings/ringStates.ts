/** In which states of a device its rings are shared. */
import { XenbusState } from '../xenbusState';

const sharing: readonly string[] = [
  XenbusState.Initialised,
  XenbusState.Connected,
  XenbusState.Reconfiguring,
  XenbusState.Reconfigured,
].map(String);

/**
 * Whether a frontend with this text in its `state` shares the rings that its nodes name: from the moment
 * when it has published them until it begins to close. What stands in the nodes before is of a life before.
 */
export function sharesRings(state: string | undefined): boolean {
  return state !== undefined && sharing.includes(state);
}
