/** How places of rings are told apart. */
import { deviceRingId, isSameRing } from '../../server/wire/deviceRings/deviceRing';
import type { RingPlace } from './ringPages';

/** As the page is called. */
export function idOf(place: RingPlace): string {
  switch (place.kind) {
    case 'vchan':
      return `vchan:${place.domid}:${place.gref}`;
    case 'device':
      return deviceRingId(place.ring);
    default:
      return `${place.kind}:${place.domid}`;
  }
}

/** As one that could not be had is remembered. */
export function refusedKeyOf(place: RingPlace): string {
  if (place.kind === 'device') return `${idOf(place)}:${place.ring.grefs.join()}`;
  return place.kind === 'vchan' ? `${idOf(place)}:${place.path}` : idOf(place);
}

/** Whether a page that was found there is the one that is there now. */
export function isSamePlace(one: RingPlace, other: RingPlace): boolean {
  if (one.kind === 'device') return other.kind === 'device' && isSameRing(one.ring, other.ring);
  if (one.kind === 'vchan') {
    return other.kind === 'vchan' && one.path === other.path && one.writing === other.writing;
  }
  return one.kind === other.kind && one.frame === (other as typeof one).frame;
}
