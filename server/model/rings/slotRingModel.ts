/** The state of one ring of requests and responses, folded from its samples. */
import type { PageSampler, SampleResult } from '../../capture/pageSampler';
import type { SlotSampler } from '../../capture/slotSampler';
import { PAGE_BYTES } from '../../host/pages';
import { deviceOf } from './ringDevice';
import { Judgement } from './judgement';
import { slotSegments } from './slotSegments';
import { ringWords } from './pageWords';
import { HistoryKeeper } from './ringHistory';
import { judgeIntervalMs, type Judge, type RingTime } from './ringModel';
import type { RingFinding, RingRow, RingStrip, RingView } from './ringTypes';
import { SlotReader } from './slotDetail';
import type { SlotKeeper } from './slotHistory';
import type { RingDevice, RingSlotsState } from './slotTypes';
import { slotMs, Strip } from './strip';

export class SlotRingModel {
  readonly #sampler: PageSampler;
  readonly #slots: SlotSampler;
  readonly #keeper: SlotKeeper;
  readonly #judge: Judge;
  readonly #history: HistoryKeeper;
  readonly #strip = new Strip(['slots']);
  readonly #judgement: Judgement;
  readonly #device: RingDevice;
  #reader: SlotReader | undefined;
  #row: RingRow | undefined;
  #judgedMs = -Infinity;
  #ratesSlot = -1;
  #isChanged = true;
  #isAtRest = false;
  #pageVersion = 0;

  /** `sampler` is that of a ring of slots. */
  constructor(sampler: PageSampler, judge: Judge) {
    this.#sampler = sampler;
    this.#slots = sampler.slots!;
    this.#judge = judge;
    this.#history = new HistoryKeeper(sampler);
    this.#keeper = this.#history.slots!;
    this.#judgement = new Judgement(sampler.page);
    this.#device = deviceOf(sampler.page.device!);
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
    const wasGone = this.#history.goneSinceMs !== undefined;
    this.#history.fold(result, activeMs);
    if (result === 'gone') {
      this.#isChanged ||= !wasGone;
      return;
    }
    this.#foldStrip(result, nowMs);
    if (result !== 'moved') return;
    this.#isChanged = true;
    this.#pageVersion++;
  }

  #foldStrip(result: SampleResult, nowMs: number): void {
    const isNear = this.#strip.begin(nowMs);
    const { isInsane, inFlight, requests, responses } = this.#slots;
    if (result === 'torn') this.#strip.mark('torn');
    if (isInsane) this.#strip.mark('insane');
    if (this.#slots.result === 'reset') this.#strip.mark('reset');
    const used = isInsane ? undefined : inFlight;
    if (isNear) this.#strip.add(0, used, requests, responses, 0);
    else this.#strip.add(0, used, 0, 0, 0);
  }

  /** The same object as before, while nothing about it changed. */
  row(time: RingTime): RingRow {
    const isDue = Math.abs(time.nowMs - this.#judgedMs) >= judgeIntervalMs;
    if (!this.#isAtRest && (this.#isChanged || isDue)) this.#look(time, isDue);
    return this.#row!;
  }

  /** After `row`: what somebody should know. */
  get findings(): readonly RingFinding[] {
    return this.#judgement.findings;
  }

  #look(time: RingTime, isDue: boolean): void {
    this.#readRates(time.nowMs);
    if (isDue) {
      this.#judgedMs = time.nowMs;
      this.#judgement.take(this.#judge(this.#history, time.activeMs));
    }
    this.#isChanged = false;
    const { id, kind, domid } = this.#sampler.page;
    const verdict = this.#judgement.verdict!;
    const slots = this.#state();
    const known = this.#row;
    if (!known || known.verdict !== verdict || !isSameState(known.slots!, slots)) {
      this.#row = { id, kind, domid, device: this.#device, directions: [], slots, verdict };
    }
    this.#isAtRest = isDue && this.#strip.isQuiet(time.nowMs) && this.#history.isAtRest(time.activeMs);
  }

  #readRates(nowMs: number): void {
    const slot = Math.floor(nowMs / slotMs);
    if (slot === this.#ratesSlot) return;
    this.#ratesSlot = slot;
    this.#keeper.requestsPerSecond = this.#strip.rate(0, 'produced', nowMs);
    this.#keeper.responsesPerSecond = this.#strip.rate(0, 'consumed', nowMs);
  }

  #state(): RingSlotsState {
    const { layout, reqProd, rspProd, reqEvent, rspEvent, inFlight, insane } = this.#keeper;
    const { isBackendIdle, isFrontendIdle, requestsPerSecond, responsesPerSecond } = this.#keeper;
    return {
      slots: layout.slots,
      slotBytes: layout.ring.slotBytes,
      isPosted: layout.ring.isPosted ?? false,
      reqProd,
      rspProd,
      reqEvent,
      rspEvent,
      inFlight,
      insane: insane !== undefined,
      isBackendIdle,
      isFrontendIdle,
      requestsPerSecond,
      responsesPerSecond,
    };
  }

  /** Reads the slots as well, which nobody does while nobody looks at this ring. */
  view(time: RingTime): RingView {
    const row = this.row(time);
    const reader = (this.#reader ??= new SlotReader(this.#sampler, this.#slots));
    const slotsDetail = reader.read();
    const { page, samples, tornSamples } = this.#sampler;
    const { inside } = this.#history;
    const shown = reader.bytes.subarray(0, PAGE_BYTES);
    return {
      timeMs: time.nowMs,
      row,
      diagnoses: this.#judgement.diagnoses,
      details: [],
      slotsDetail,
      words: ringWords(this.#sampler),
      page: shown.toString('base64'),
      pageVersion: this.#pageVersion,
      segments: slotSegments(this.#keeper, shown.length),
      found: page.found,
      samples,
      tornSamples,
      ...(inside && { pending: { toServer: inside.pendingToServer, toGuest: inside.pendingToGuest } }),
    };
  }

  strip(sinceMs: number): RingStrip {
    return this.#strip.read(sinceMs);
  }
}

function isSameState(one: RingSlotsState, other: RingSlotsState): boolean {
  return (Object.keys(one) as (keyof RingSlotsState)[]).every((name) => one[name] === other[name]);
}
