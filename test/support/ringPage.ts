/**
 * A ring page in this process, and the doorbell that belongs to it: what two ends of a ring need to
 * be tested without a machine around them.
 */
import { memoryOver, type RevocableMemory } from '../../server/host/bufferMemory';
import type { EventPort } from '../../server/host/events';
import type { SharedMemory } from '../../server/host/memory';
import { PAGE_BYTES } from '../../server/host/pages';
import { XS_RING_PAGE } from '../../server/wire/xsRing';

export type RingWord = keyof typeof XS_RING_PAGE.fields;

export const INDEX_WORDS = ['req_cons', 'req_prod', 'rsp_cons', 'rsp_prod'] as const;

export function wordOf(memory: SharedMemory, name: RingWord): number {
  return memory.load32(XS_RING_PAGE.fields[name].offsetBytes);
}

export function setWord(memory: SharedMemory, name: RingWord, value: number): void {
  memory.store32(XS_RING_PAGE.fields[name].offsetBytes, value);
}

export function indicesOf(memory: SharedMemory): number[] {
  return INDEX_WORDS.map((name) => wordOf(memory, name));
}

/** Brings a ring of a doorbell to the other end; must not do so within the call. */
export type Courier = (deliver: () => void) => void;

/** One end of a doorbell, with pending and mask as event channels have them. */
class BellEnd implements EventPort {
  readonly port = 1;
  peer!: BellEnd;
  /** How often this end rang at the other. */
  rung = 0;
  #onEvent: (() => void) | undefined;
  #isPending = false;
  #isMasked = false;
  #isClosed = false;

  constructor(private readonly courier: Courier) {}

  get onEvent(): (() => void) | undefined {
    return this.#onEvent;
  }

  set onEvent(listener: (() => void) | undefined) {
    this.#onEvent = listener;
    this.#lookLater();
  }

  notify(): void {
    if (this.#isClosed) return;
    this.rung++;
    this.peer.#isPending = true;
    this.peer.#lookLater();
  }

  unmask(): void {
    this.#isMasked = false;
    this.#lookLater();
  }

  close(): void {
    this.#isClosed = true;
    this.#onEvent = undefined;
  }

  #lookLater(): void {
    if (this.#isPending) this.courier(() => this.#look());
  }

  #look(): void {
    if (!this.#isPending || this.#isMasked || !this.#onEvent) return;
    this.#isPending = false;
    this.#isMasked = true;
    this.#onEvent();
  }
}

export function bell(courier: Courier = queueMicrotask): [one: BellEnd, other: BellEnd] {
  const ends: [BellEnd, BellEnd] = [new BellEnd(courier), new BellEnd(courier)];
  [ends[0].peer, ends[1].peer] = [ends[1], ends[0]];
  return ends;
}

export interface RingPage {
  /** As either end has it, and as a test that looks at it. */
  readonly memory: RevocableMemory;
  readonly guestPort: BellEnd;
  readonly serverPort: BellEnd;
}

export function ringPage(courier?: Courier): RingPage {
  const buffer = new SharedArrayBuffer(PAGE_BYTES);
  const [guestPort, serverPort] = bell(courier);
  return { memory: memoryOver([{ buffer, offset: 0, bytes: PAGE_BYTES }], 'write'), guestPort, serverPort };
}
