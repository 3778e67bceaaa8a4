/** What the sampler must know of the pages that hold two byte rings: where arrays and words lie, and who moves them. */
import type { ObservedPage } from '../host/observer';
import type { SlotRing } from '../wire/slotRings/slotRing';
import {
  CONSOLE_IN_BYTES,
  CONSOLE_IN_OFFSET,
  CONSOLE_OUT_BYTES,
  CONSOLE_OUT_OFFSET,
  CONSOLE_PAGE,
} from '../wire/consoleRing';
import type { Layout } from '../wire/layout';
import { VCHAN_PAGE } from '../wire/vchanPage';
import { XS_REQ_OFFSET, XS_RING_BYTES, XS_RING_PAGE, XS_RSP_OFFSET } from '../wire/xsRing';

export type RingSide = 'guest' | 'server';
export type DirectionName = 'req' | 'rsp' | 'in' | 'out' | 'left' | 'right';

export interface DirectionLayout {
  readonly name: DirectionName;
  readonly producer: RingSide;
  readonly consumer: RingSide;
  /** Where its array begins in the page, and how long it is: a power of two. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** The names of its index words. */
  readonly prodWord: string;
  readonly consWord: string;
  /** Offsets of the index words in the page. */
  readonly prodOffset: number;
  readonly consOffset: number;
}

export interface PageLayout {
  readonly kind: ObservedPage['kind'];
  readonly layout: Layout;
  /** What the side that is called `server` is here. */
  readonly serverName: string;
  /** And the other side, after `the`. */
  readonly guestName: string;
  /** What the arrays carry; `unseen`: they lie in other pages, or nobody knows how to read them. */
  readonly carries: 'messages' | 'text' | 'unseen';
  /** Both directions are a socket's: a program reads them when it wants to, and they end one by one. */
  readonly isSocket?: true;
  /** Two; none where the page holds a ring of slots, or nobody knows what. */
  readonly directions: readonly DirectionLayout[];
  /** The page begins a ring of requests and responses instead. */
  readonly slotRing?: SlotRingLayout;
  /** The piece of the page that holds all index and state words. */
  readonly wordsOffset: number;
  readonly wordsBytes: number;
  /** So much of the page means something; the rest is not looked at. */
  readonly usedBytes: number;
}

export interface SlotRingLayout {
  readonly ring: SlotRing;
  /** How many requests can be in flight at once; 0 where not even one slot fits. */
  readonly slots: number;
  /** All pages of the ring. */
  readonly totalBytes: number;
}

export function direction(
  { fields }: Layout,
  name: DirectionName,
  producer: RingSide,
  offsetBytes: number,
  sizeBytes: number,
): DirectionLayout {
  const prodWord = `${name}_prod`;
  const consWord = `${name}_cons`;
  return {
    name,
    producer,
    consumer: producer === 'guest' ? 'server' : 'guest',
    offsetBytes,
    sizeBytes,
    prodWord,
    consWord,
    prodOffset: fields[prodWord]!.offsetBytes,
    consOffset: fields[consWord]!.offsetBytes,
  };
}

export const xenstorePage: PageLayout = {
  kind: 'xenstore',
  layout: XS_RING_PAGE,
  serverName: 'xenstored',
  guestName: 'guest',
  carries: 'messages',
  directions: [
    direction(XS_RING_PAGE, 'req', 'guest', XS_REQ_OFFSET, XS_RING_BYTES),
    direction(XS_RING_PAGE, 'rsp', 'server', XS_RSP_OFFSET, XS_RING_BYTES),
  ],
  wordsOffset: 2048,
  wordsBytes: 32,
  usedBytes: 2080,
};

export const consolePage: PageLayout = {
  kind: 'console',
  layout: CONSOLE_PAGE,
  serverName: 'the console daemon',
  guestName: 'guest',
  carries: 'text',
  directions: [
    direction(CONSOLE_PAGE, 'in', 'server', CONSOLE_IN_OFFSET, CONSOLE_IN_BYTES),
    direction(CONSOLE_PAGE, 'out', 'guest', CONSOLE_OUT_OFFSET, CONSOLE_OUT_BYTES),
  ],
  wordsOffset: 3072,
  wordsBytes: 20,
  usedBytes: 3092,
};

const vchanWordsBytes = 24;

/** Of a vchan the words are looked at: its rings are as long as it says, and mostly in other pages. */
export function vchanPage([left, right]: readonly [left: number, right: number]): PageLayout {
  return {
    kind: 'vchan',
    layout: VCHAN_PAGE,
    serverName: 'the server',
    guestName: 'client',
    carries: 'unseen',
    // Where the copy ends: nothing is told from bytes that are not in it.
    directions: [
      direction(VCHAN_PAGE, 'left', 'guest', vchanWordsBytes, left),
      direction(VCHAN_PAGE, 'right', 'server', vchanWordsBytes, right),
    ],
    wordsOffset: 0,
    wordsBytes: vchanWordsBytes,
    usedBytes: vchanWordsBytes,
  };
}

/** Whether a word counts what passes: all others say how things are. */
export function isIndexWord(name: string): boolean {
  return /_(prod|cons|event)$/.test(name);
}
