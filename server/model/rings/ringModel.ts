/** The state of one ring page, folded from its samples. */
import type { PageSampler, SampleResult } from '../../capture/pageSampler';
import { Judgement } from './judgement';
import { decodePackets, decodeText, type Packets } from './packets';
import { deviceOf } from './ringDevice';
import { ringSegments, ringWords } from './pageWords';
import { type DirectionHistory, HistoryKeeper, type RingHistory } from './ringHistory';
import type {
  RingDiagnosis,
  RingDirectionDetail,
  RingDirectionState,
  RingFinding,
  RingRow,
  RingStrip,
  RingView,
} from './ringTypes';
import type { RingDevice } from './slotTypes';
import { Stream } from './stream';
import { slotMs, Strip } from './strip';

export interface RingTime {
  /** Of the host's clock. */
  readonly nowMs: number;
  /** The same without the time in which the world was held. Histories and verdicts go by it. */
  readonly activeMs: number;
}

/** Says what is to be said of a ring, the most serious first; at least one thing. */
export type Judge = (history: RingHistory, activeMs: number) => readonly RingDiagnosis[];

/** Verdicts speak of tenths of seconds at least; a new one more often would be a flicker. */
export const judgeIntervalMs = 100;

const nothing: Packets = { queued: [], consumed: [] };

export class RingModel {
  readonly #sampler: PageSampler;
  readonly #judge: Judge;
  readonly #history: HistoryKeeper;
  readonly #judgement: Judgement;
  readonly #strip: Strip;
  readonly #streams: readonly (Stream | undefined)[];
  /** Where it is a device's ring. */
  readonly #device: RingDevice | undefined;
  #row: RingRow | undefined;
  #judgedMs = -Infinity;
  #isChanged = true;
  #isAtRest = false;
  /** The slot of the strip that the rates of the row end with. */
  #ratesSlot = -1;
  #pageVersion = 0;

  constructor(sampler: PageSampler, judge: Judge) {
    this.#sampler = sampler;
    this.#judge = judge;
    this.#device = sampler.page.device && deviceOf(sampler.page.device);
    this.#history = new HistoryKeeper(sampler);
    this.#judgement = new Judgement(sampler.page);
    this.#strip = new Strip(sampler.layout.directions.map(({ name }) => name));
    this.#streams = sampler.directions.map((direction) =>
      sampler.layout.carries === 'messages' ? new Stream(direction) : undefined,
    );
  }

  get id(): string {
    return this.#sampler.page.id;
  }

  /** `row` and `findings` stay what they are until a sample shows something else. */
  get isAtRest(): boolean {
    return this.#isAtRest;
  }

  get goneSinceMs(): number | undefined {
    return this.#history.goneSinceMs;
  }

  fold(result: SampleResult, { nowMs, activeMs }: RingTime): void {
    if (this.#isAtRest && result === 'same' && this.#history.seenAgain()) {
      this.#strip.rest(nowMs);
      return;
    }
    this.#isAtRest = false;
    const { goneSinceMs } = this.#history;
    this.#history.fold(result, activeMs);
    if (result === 'gone') {
      this.#isChanged ||= goneSinceMs === undefined;
      return;
    }
    const isNear = this.#strip.begin(nowMs);
    if (result === 'torn') this.#strip.mark('torn');
    if (this.#sampler.isReconnecting) this.#strip.mark('reconnecting');
    for (let which = 0; which < this.#sampler.directions.length; which++) this.#foldDirection(which, isNear);
    if (result !== 'moved') return;
    this.#isChanged = true;
    this.#pageVersion++;
  }

  #foldDirection(which: number, isNear: boolean): void {
    const sampler = this.#sampler.directions[which]!;
    const { counter, result } = sampler;
    const messages = this.#streams[which]?.fold(this.#sampler) ?? 0;
    if (counter.isInsane) this.#strip.mark('insane');
    if (result === 'reset') this.#strip.mark('reset');
    const used = counter.isInsane || this.#sampler.isReconnecting ? undefined : counter.usedBytes;
    if (isNear) this.#strip.add(which, used, counter.producedBytes, counter.consumedBytes, messages);
    else this.#strip.add(which, used, 0, 0, 0);
  }

  /** The same object as before, while nothing about it changed. */
  row(time: RingTime): RingRow {
    if (this.#isAtRest) return this.#row!;
    if (this.#isChanged || this.#isJudgementDue(time)) this.#look(time);
    return this.#row!;
  }

  /** After `row`: what somebody should know. */
  get findings(): readonly RingFinding[] {
    return this.#judgement.findings;
  }

  #judgeNow({ nowMs, activeMs }: RingTime): void {
    this.#judgedMs = nowMs;
    this.#judgement.take(this.#judge(this.#history, activeMs));
  }

  /** By the host's clock: the ring of a world that is held can be stepped. */
  #isJudgementDue({ nowMs }: RingTime): boolean {
    return Math.abs(nowMs - this.#judgedMs) >= judgeIntervalMs;
  }

  #look(time: RingTime): void {
    this.#readRates(time.nowMs);
    const isJudged = this.#isJudgementDue(time);
    if (isJudged) this.#judgeNow(time);
    this.#isChanged = false;
    const { domid, kind } = this.#sampler.page;
    const directions = this.#history.directions.map((_, which) => this.#direction(which));
    const { verdict } = this.#judgement;
    const known = this.#row;
    const isSame = known?.verdict === verdict && directions.every((one, at) => one === known!.directions[at]);
    if (!isSame) {
      const device = this.#device && { device: this.#device };
      this.#row = { id: this.id, kind, domid, ...device, directions, verdict: verdict! };
    }
    this.#isAtRest = isJudged && this.#strip.isQuiet(time.nowMs) && this.#history.isAtRest(time.activeMs);
  }

  #readRates(nowMs: number): void {
    const slot = Math.floor(nowMs / slotMs);
    if (slot === this.#ratesSlot) return;
    this.#ratesSlot = slot;
    this.#history.directions.forEach((direction, which) => {
      direction.producedPerSecond = this.#strip.rate(which, 'produced', nowMs);
      direction.consumedPerSecond = this.#strip.rate(which, 'consumed', nowMs);
      if (this.#streams[which]) direction.messagesPerSecond = this.#strip.rate(which, 'messages', nowMs);
    });
  }

  /** The same object as before, while nothing about it changed. */
  #direction(which: number): RingDirectionState {
    const direction = this.#history.directions[which]!;
    const known = this.#row?.directions[which];
    if (known && isSameDirection(known, direction)) return known;
    const { layout, prod, cons, usedBytes, insane, isVoid, messagesPerSecond } = direction;
    const { name, producer, consumer, offsetBytes, sizeBytes } = layout;
    return {
      name,
      producer: this.#nameOf(producer),
      consumer: this.#nameOf(consumer),
      offsetBytes,
      sizeBytes,
      prod,
      cons,
      usedBytes,
      insane: insane !== undefined,
      unknown: isVoid,
      producedPerSecond: direction.producedPerSecond,
      consumedPerSecond: direction.consumedPerSecond,
      ...(messagesPerSecond === undefined ? {} : { messagesPerSecond }),
    };
  }

  #nameOf(side: 'guest' | 'server'): string {
    const { guestName, serverName } = this.#sampler.layout;
    return side === 'guest' ? guestName : serverName;
  }

  view(time: RingTime): RingView {
    const row = this.row(time);
    const { inside, directions } = this.#history;
    const { page, bytes, samples, tornSamples } = this.#sampler;
    return {
      timeMs: time.nowMs,
      row,
      diagnoses: this.#judgement.diagnoses,
      details: directions.map((_, which) => this.#detail(which)),
      words: ringWords(this.#sampler),
      page: Buffer.from(bytes).toString('base64'),
      pageVersion: this.#pageVersion,
      segments: ringSegments(this.#sampler, directions),
      found: page.found,
      samples,
      tornSamples,
      ...(inside && { pending: { toServer: inside.pendingToServer, toGuest: inside.pendingToGuest } }),
    };
  }

  strip(sinceMs: number): RingStrip {
    return this.#strip.read(sinceMs);
  }

  #detail(which: number): RingDirectionDetail {
    const { counter, totalUnseenBytes } = this.#sampler.directions[which]!;
    return {
      ...this.#packets(which),
      producedBytes: counter.totalProducedBytes,
      consumedBytes: counter.totalConsumedBytes,
      unseenBytes: totalUnseenBytes,
      resets: counter.resets,
    };
  }

  #packets(which: number): Packets {
    const { layout, counter } = this.#sampler.directions[which]!;
    if (this.#sampler.layout.carries === 'unseen') return nothing;
    if (counter.isInsane || this.#sampler.isReconnecting || !this.#sampler.hasRead) return nothing;
    const contents = { layout, page: this.#sampler.bytes, prod: counter.prod, cons: counter.cons };
    const stream = this.#streams[which];
    return stream ? decodePackets(contents, stream) : decodeText(contents);
  }
}

/** What else a direction tells never changes. */
function isSameDirection(told: RingDirectionState, now: DirectionHistory): boolean {
  return (
    told.prod === now.prod &&
    told.cons === now.cons &&
    told.usedBytes === now.usedBytes &&
    told.insane === (now.insane !== undefined) &&
    told.unknown === now.isVoid &&
    told.producedPerSecond === now.producedPerSecond &&
    told.consumedPerSecond === now.consumedPerSecond &&
    told.messagesPerSecond === now.messagesPerSecond
  );
}
