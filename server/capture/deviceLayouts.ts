/** What the sampler must know of the rings that devices share, by how their pages are laid out. */
import type { ObservedPage } from '../host/observer';
import { PAGE_BYTES } from '../host/pages';
import type { DeviceRing } from '../wire/deviceRings/deviceRing';
import { FLEX_RING_REFS_OFFSET, NINEPFS_INDEXES } from '../wire/flexRing';
import { GENERIC_RING, genericRingSlots } from '../wire/genericRing';
import { layout } from '../wire/layout';
import { consolePage, direction, type PageLayout } from './pageLayouts';

const ends = { kind: 'device', serverName: 'the backend', guestName: 'frontend' } as const;

/** Of a ring of slots only the indices are looked at; its slots are read when somebody wants to see them. */
const slotWordsBytes = 16;

/** Nothing is read of a page of which nobody knows what it means, but that it is there. */
const UNKNOWN_PAGE = layout('unknown', '', PAGE_BYTES, {});
const unknownWordsBytes = 4;

export function deviceLayout({ device, ringBytes }: Pick<ObservedPage, 'device' | 'ringBytes'>): PageLayout {
  const { format, grefs } = device!;
  switch (format.kind) {
    case 'slots':
      return slotPage(format.ring, grefs.length);
    case 'flex':
      return ringBytes ? flexPage(ringBytes) : unknownPage;
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
function flexPage([into, out]: readonly [into: number, out: number]): PageLayout {
  return {
    ...ends,
    layout: NINEPFS_INDEXES,
    carries: 'unseen',
    directions: [
      direction(NINEPFS_INDEXES, 'in', 'server', FLEX_RING_REFS_OFFSET, into),
      direction(NINEPFS_INDEXES, 'out', 'guest', FLEX_RING_REFS_OFFSET, out),
    ],
    wordsOffset: 0,
    wordsBytes: FLEX_RING_REFS_OFFSET,
    usedBytes: FLEX_RING_REFS_OFFSET,
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
