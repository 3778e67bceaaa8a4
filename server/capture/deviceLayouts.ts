/** What the sampler must know of the rings that devices share, by how their pages are laid out. */
import type { ObservedPage } from '../host/observer';
import { PAGE_BYTES } from '../host/pages';
import type { DeviceRing } from '../wire/deviceRings/deviceRing';
import { FLEX_RING_REFS_OFFSET, NINEPFS_INDEXES } from '../wire/flexRing';
import { GENERIC_RING, genericRingSlots } from '../wire/genericRing';
import { layout, type Layout } from '../wire/layout';
import { pvcallsEditions } from '../wire/pvcalls/dataPage';
import { consolePage, direction, type PageLayout } from './pageLayouts';

const ends = { kind: 'device', serverName: 'the backend', guestName: 'frontend' } as const;

/** Of a ring of slots only the indices are looked at; its slots are read when somebody wants to see them. */
const slotWordsBytes = 16;

/** Nothing is read of a page of which nobody knows what it means, but that it is there. */
const UNKNOWN_PAGE = layout('unknown', '', PAGE_BYTES, {});
const unknownWordsBytes = 4;

export function deviceLayout({
  device,
  ringBytes,
  edition = 'final',
}: Pick<ObservedPage, 'device' | 'ringBytes' | 'edition'>): PageLayout {
  const { format, grefs } = device!;
  switch (format.kind) {
    case 'slots':
      return slotPage(format.ring, grefs.length);
    case 'flex':
      return ringBytes ? flexPage(NINEPFS_INDEXES, FLEX_RING_REFS_OFFSET, ringBytes) : unknownPage;
    case 'pvcallsData': {
      const { indexes, refsOffset } = pvcallsEditions[edition];
      return ringBytes ? { ...flexPage(indexes, refsOffset, ringBytes), isSocket: true } : unknownPage;
    }
    case 'console':
      return { ...consolePage, ...ends };
    case 'unknown':
      return unknownPage;
  }
}

type SlotFormat = Extract<DeviceRing['format'], { kind: 'slots' }>;

function slotPage(ring: SlotFormat['ring'], pages: number): PageLayout {
  const totalBytes = pages * PAGE_BYTES;
  return {
    ...ends,
    layout: GENERIC_RING,
    carries: 'unseen',
    directions: [],
    slotRing: { ring, totalBytes, slots: genericRingSlots(totalBytes, ring.slotBytes) },
    wordsOffset: 0,
    wordsBytes: slotWordsBytes,
    usedBytes: slotWordsBytes,
  };
}

/** The bytes lie in other pages, whose grants are in this one. */
function flexPage(
  indexes: Layout,
  refsOffset: number,
  [into, out]: readonly [into: number, out: number],
): PageLayout {
  return {
    ...ends,
    layout: indexes,
    carries: 'unseen',
    directions: [
      direction(indexes, 'in', 'server', refsOffset, into),
      direction(indexes, 'out', 'guest', refsOffset, out),
    ],
    wordsOffset: 0,
    wordsBytes: refsOffset,
    usedBytes: refsOffset,
  };
}

const unknownPage: PageLayout = {
  ...ends,
  layout: UNKNOWN_PAGE,
  carries: 'unseen',
  directions: [],
  wordsOffset: 0,
  wordsBytes: unknownWordsBytes,
  usedBytes: unknownWordsBytes,
};
