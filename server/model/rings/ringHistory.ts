/**
 * What the ring doctor judges by: since when each direction is as it is. Everything here was seen in
 * samples; times are those of the samples, so that "for 3 s" means that it was seen for so long.
 */
import type { ObservedInside } from '../../host/observer';
import type { PageSampler, SampleResult } from '../../capture/pageSampler';
import type { DirectionSampler } from '../../capture/directionSampler';
import { type DirectionLayout, isIndexWord, type PageLayout } from '../../capture/pageLayouts';
import type { Field } from '../../wire/layout';
import { indexDistance } from '../../wire/ringIndex';
import { movementRememberedMs, resetRememberedMs } from './remembered';
import { SlotKeeper, type SlotHistory } from './slotHistory';

export interface IndexPair {
  readonly prod: number;
  readonly cons: number;
}

export interface InsaneHistory extends IndexPair {
  readonly distance: number;
  readonly sinceMs: number;
  /** Samples in a row, this one included. */
  readonly samples: number;
  /** The last pair that made sense. */
  readonly before: IndexPair | undefined;
  /** The producer came here by writing on from `before`: bytes changed, and its index moved as writing moves it. */
  readonly hasRunOn: boolean;
}

export interface DirectionHistory extends IndexPair {
  readonly layout: DirectionLayout;
  /** The indices are being set anew and mean nothing now. */
  readonly isVoid: boolean;
  /** Bytes that wait. */
  readonly usedBytes: number;
  readonly insane: InsaneHistory | undefined;
  /** Bytes have waited since then, and the consumer's index has not moved. */
  readonly waitingSinceMs: number | undefined;
  /** The ring has been full since then, and the consumer's index has not moved. */
  readonly fullSinceMs: number | undefined;
  /**
   * Simulated hosts only: bytes came then, and since then the consumer has neither been told, nor is
   * a ring on its way to it.
   */
  readonly untoldSinceMs: number | undefined;
  /**
   * The ring was full, then it was read empty, and since then nothing has come: a writer that waits for room and
   * was not told of it looks like that, and one that has no more to write.
   */
  readonly drainedSinceMs: number | undefined;
  /** When the producer's index was last seen to have moved. */
  readonly producedMs: number | undefined;
  /** When an index was last seen to have moved, as reading and writing move it: a reset carries nothing. */
  readonly movedMs: number | undefined;
  readonly resetMs: number | undefined;
  readonly producedPerSecond: number;
  readonly consumedPerSecond: number;
  /** Where messages are carried. */
  readonly messagesPerSecond: number | undefined;
  /** Of a vchan: at least so many. */
  readonly writesPerSecond: number | undefined;
}

export interface RingHistory {
  readonly page: { readonly id: string; readonly domid: number; readonly layout: PageLayout };
  /** Good samples so far; before the first nothing else means anything. */
  readonly samples: number;
  readonly firstMs: number;
  /** Torn samples since the last good one. */
  readonly tornRun: number;
  readonly goneSinceMs: number | undefined;
  /** Gone is only that it cannot be read now, for this reason. */
  readonly unreadable: string | undefined;
  readonly reconnectSinceMs: number | undefined;
  /** State words by their C names, as of the last good sample. */
  readonly states: Readonly<Record<string, number>>;
  /** Since when they are so, as far as it was seen. */
  readonly stateSinceMs: Readonly<Record<string, number>>;
  readonly errorSinceMs: number | undefined;
  /** Simulated hosts only. */
  readonly inside: ObservedInside | undefined;
  readonly directions: readonly DirectionHistory[];
  /** Where requests and responses are carried, and `directions` is empty. */
  readonly slots: SlotHistory | undefined;
}

/** Further ahead than this between two samples an insane index was not moved by writing. */
export const maxRunOnBytes = 65_536;
/** Long for bytes that wait on the other side, whatever the machine does. */
export const drainedMs = 5_000;
/** A socket that has ended is released within this. */
export const endedMs = 30_000;
/** Bytes of a ring that may be free while it is as good as full: hvmloader never uses the last one. */
const maxFreeOfFull = 1;

export class HistoryKeeper implements RingHistory {
  readonly page: RingHistory['page'];
  readonly directions: readonly DirectionKeeper[];
  readonly slots: SlotKeeper | undefined;
  readonly states: Record<string, number> = {};
  readonly stateSinceMs: Record<string, number> = {};
  samples = 0;
  firstMs = 0;
  tornRun = 0;
  goneSinceMs: number | undefined;
  reconnectSinceMs: number | undefined;
  errorSinceMs: number | undefined;
  inside: ObservedInside | undefined;
  readonly #sampler: PageSampler;
  readonly #stateFields: readonly Field[];

  constructor(sampler: PageSampler) {
    this.#sampler = sampler;
    const { fields } = sampler.layout.layout;
    this.#stateFields = Object.values(fields).filter(({ name }) => !isIndexWord(name));
    const { id, domid } = sampler.page;
    this.page = { id, domid, layout: sampler.layout };
    this.directions = sampler.directions.map((direction) => new DirectionKeeper(direction));
    this.slots = sampler.slots && new SlotKeeper(sampler.slots);
  }

  get unreadable(): string | undefined {
    return this.#sampler.unreadable;
  }

  fold(result: SampleResult, nowMs: number): void {
    if (result === 'gone') {
      this.goneSinceMs ??= nowMs;
      return;
    }
    // A page that could not be read for a while.
    this.goneSinceMs = undefined;
    if (result === 'torn') {
      this.tornRun++;
      return;
    }
    this.tornRun = 0;
    const isFirst = this.samples++ === 0;
    if (isFirst) this.firstMs = nowMs;
    // The sampler may have known the page before: one that came back after it was forgotten here.
    if (isFirst || result === 'moved') this.#readStates(nowMs);
    this.reconnectSinceMs = this.#sampler.isReconnecting ? (this.reconnectSinceMs ?? nowMs) : undefined;
    this.slots?.fold(this.#sampler, nowMs);
    const before = this.inside;
    this.inside = this.#sampler.page.inside;
    for (const direction of this.directions) {
      if (this.#sampler.isReconnecting) direction.forget();
      else direction.fold(nowMs, before, this.inside);
    }
  }

  /** Nothing waits, and nothing that happened is so fresh that time could still change what is said of it. */
  isAtRest(nowMs: number): boolean {
    if (this.samples === 0 || this.tornRun > 0) return false;
    if (this.goneSinceMs !== undefined || this.reconnectSinceMs !== undefined) return false;
    for (const direction of this.directions) {
      const { name } = direction.layout;
      if (!direction.isAtRest(nowMs)) return false;
      // What is ended is judged by how long it stays.
      if ((this.states[`${name}_error`] ?? 0) !== 0 && nowMs - this.stateSinceMs[`${name}_error`]! < endedMs)
        return false;
    }
    return this.slots?.isAtRest(nowMs) ?? true;
  }

  /** After a sample that is the same as the one before; answers whether the doorbells are as well. */
  seenAgain(): boolean {
    if (!isSameInside(this.#sampler.page.inside, this.inside)) return false;
    this.samples++;
    return true;
  }

  #readStates(nowMs: number): void {
    for (const field of this.#stateFields) {
      const value = this.#sampler.field(field);
      if (this.states[field.name] !== value) this.stateSinceMs[field.name] = nowMs;
      this.states[field.name] = value;
    }
    this.errorSinceMs = (this.states.error ?? 0) === 0 ? undefined : (this.errorSinceMs ?? nowMs);
  }
}

class DirectionKeeper implements DirectionHistory {
  readonly layout: DirectionLayout;
  isVoid = false;
  insane: InsaneHistory | undefined;
  waitingSinceMs: number | undefined;
  fullSinceMs: number | undefined;
  untoldSinceMs: number | undefined;
  drainedSinceMs: number | undefined;
  producedMs: number | undefined;
  movedMs: number | undefined;
  resetMs: number | undefined;
  /** Set from outside, with each judgement. */
  producedPerSecond = 0;
  consumedPerSecond = 0;
  /** Where the producer's index stood when the ring was last seen full. */
  #fullAt: number | undefined;
  messagesPerSecond: number | undefined;
  writesPerSecond: number | undefined;
  readonly #sampler: DirectionSampler;

  constructor(sampler: DirectionSampler) {
    this.#sampler = sampler;
    this.layout = sampler.layout;
  }

  get prod(): number {
    return this.#sampler.counter.readProd;
  }

  get cons(): number {
    return this.#sampler.counter.readCons;
  }

  get usedBytes(): number {
    return this.insane || this.isVoid ? 0 : this.#sampler.counter.usedBytes;
  }

  isAtRest(nowMs: number): boolean {
    const { movedMs = -Infinity, resetMs = -Infinity } = this;
    if (this.insane || this.isVoid) return false;
    if (this.waitingSinceMs !== undefined || this.fullSinceMs !== undefined) return false;
    if (this.drainedSinceMs !== undefined && nowMs - this.drainedSinceMs < drainedMs) return false;
    return nowMs - movedMs > movementRememberedMs && nowMs - resetMs > resetRememberedMs;
  }

  /** The indices are being set anew: nothing of the past counts. */
  forget(): void {
    this.isVoid = true;
    this.insane = undefined;
    this.waitingSinceMs = undefined;
    this.fullSinceMs = undefined;
    this.untoldSinceMs = undefined;
    this.drainedSinceMs = undefined;
    this.#fullAt = undefined;
  }

  fold(nowMs: number, before: ObservedInside | undefined, inside: ObservedInside | undefined): void {
    const { result, counter, layout } = this.#sampler;
    if (result === 'insane') {
      this.#foldInsane(nowMs);
      return;
    }
    this.insane = undefined;
    this.isVoid = false;
    const isAnew = result === 'first' || result === 'reset';
    const { usedBytes, producedBytes, consumedBytes } = counter;
    if (result === 'reset') this.resetMs = nowMs;
    if (result === 'moved') this.movedMs = nowMs;
    if (producedBytes > 0) this.producedMs = nowMs;
    const hasReaderMoved = isAnew || consumedBytes > 0;
    const since = (isSo: boolean, known: number | undefined) =>
      !isSo ? undefined : hasReaderMoved ? nowMs : (known ?? nowMs);
    this.waitingSinceMs = since(usedBytes > 0, this.waitingSinceMs);
    this.fullSinceMs = since(usedBytes >= layout.sizeBytes - maxFreeOfFull, this.fullSinceMs);
    this.#foldDrained(nowMs, isAnew, usedBytes);
    this.#foldTold(nowMs, usedBytes > 0, producedBytes > 0, before, inside);
  }

  #foldDrained(nowMs: number, isAnew: boolean, usedBytes: number): void {
    const { prod } = this.#sampler.counter;
    if (this.fullSinceMs !== undefined) this.#fullAt = prod;
    else if (isAnew || this.#fullAt !== prod) this.#fullAt = undefined;
    const isDrained = this.#fullAt !== undefined && usedBytes === 0;
    this.drainedSinceMs = isDrained ? (this.drainedSinceMs ?? nowMs) : undefined;
  }

  #foldInsane(nowMs: number): void {
    const { counter } = this.#sampler;
    const known = this.insane;
    this.forget();
    this.isVoid = false;
    const before = counter.hasPair ? { prod: counter.prod, cons: counter.cons } : undefined;
    this.insane = {
      prod: counter.readProd,
      cons: counter.readCons,
      distance: counter.distance,
      sinceMs: known?.sinceMs ?? nowMs,
      samples: (known?.samples ?? 0) + 1,
      before,
      hasRunOn: known
        ? known.hasRunOn && this.#ranOn(known)
        : before !== undefined && this.#beganToRunOn(before),
    };
  }

  #beganToRunOn(before: IndexPair): boolean {
    return this.#sampler.wasWritten && this.prod !== before.prod && this.#ranOn(before);
  }

  #ranOn(from: IndexPair): boolean {
    const written = indexDistance(this.prod, from.prod);
    return written <= maxRunOnBytes && indexDistance(this.cons, from.cons) <= written + this.layout.sizeBytes;
  }

  #foldTold(
    nowMs: number,
    isWaiting: boolean,
    hasProduced: boolean,
    before: ObservedInside | undefined,
    inside: ObservedInside | undefined,
  ): void {
    const isServer = this.layout.consumer === 'server';
    const told = isServer ? inside?.toldServer : inside?.toldGuest;
    const toldBefore = isServer ? before?.toldServer : before?.toldGuest;
    const isPending = isServer ? inside?.pendingToServer : inside?.pendingToGuest;
    // Told within the same interval as the bytes came: in which order nobody saw, so nothing is said.
    if (!isWaiting || isPending || told === undefined || told !== toldBefore) this.untoldSinceMs = undefined;
    else if (hasProduced) this.untoldSinceMs = nowMs;
  }
}

function isSameInside(one: ObservedInside | undefined, other: ObservedInside | undefined): boolean {
  if (one === other) return true;
  if (!one || !other) return false;
  return (
    one.toldServer === other.toldServer &&
    one.toldGuest === other.toldGuest &&
    one.pendingToServer === other.pendingToServer &&
    one.pendingToGuest === other.pendingToGuest
  );
}
