/** The state of one ring, folded from its samples: when it is looked at anew, when it is judged, and when it rests. */
import type { PageSampler, SampleResult } from '../../capture/pageSampler';
import type { SeenTime } from '../heldTime';
import { Judgement } from './judgement';
import { HistoryKeeper, type RingHistory } from './ringHistory';
import type { RingDiagnosis, RingFinding, RingRow, RingStrip, RingVerdict, RingView } from './ringTypes';
import { slotMs, socketStripSlots, Strip, type StripName, stripSlots } from './strip';

/** Says what is to be said of a ring, the most serious first; at least one thing. */
export type Judge = (history: RingHistory, activeMs: number) => readonly RingDiagnosis[];

/** Verdicts speak of tenths of seconds at least; a new one more often would be a flicker. */
export const judgeIntervalMs = 100;

/** What kinds of rings tell each in its own way. */
export type ContentsView = Pick<RingView, 'details' | 'slotsDetail' | 'words' | 'page' | 'segments'>;

export abstract class RingModel {
  protected readonly sampler: PageSampler;
  protected readonly history: HistoryKeeper;
  protected readonly chart: Strip;
  readonly #judge: Judge;
  readonly #judgement: Judgement;
  #row: RingRow | undefined;
  #judgedMs = -Infinity;
  #isChanged = true;
  #isAtRest = false;
  /** The slot of the strip that the rates of the row end with. */
  #ratesSlot = -1;
  #pageVersion = 0;

  constructor(sampler: PageSampler, judge: Judge, columns: readonly StripName[]) {
    this.sampler = sampler;
    this.#judge = judge;
    this.history = new HistoryKeeper(sampler);
    this.#judgement = new Judgement(sampler.page);
    this.chart = new Strip(columns, sampler.layout.isSocket ? socketStripSlots : stripSlots);
  }

  /** A good or torn sample. `isNear`: what moved since the last one belongs to this moment. */
  protected abstract foldChart(result: SampleResult, isNear: boolean): void;

  /** Sets the rates of the history as of now. */
  protected abstract readRates(nowMs: number): void;

  /** `known`, while nothing about it changed. */
  protected abstract rowWith(verdict: RingVerdict, known: RingRow | undefined): RingRow;

  /** Looks at what nobody looks at as long as nobody looks at this ring. */
  protected abstract contents(): ContentsView;

  get id(): string {
    return this.sampler.page.id;
  }

  /** `row` and `findings` stay what they are until a sample shows something else. */
  get isAtRest(): boolean {
    return this.#isAtRest;
  }

  get goneSinceMs(): number | undefined {
    return this.history.goneSinceMs;
  }

  fold(result: SampleResult, { nowMs, activeMs }: SeenTime): void {
    if (this.#isAtRest && result === 'same' && this.history.seenAgain()) {
      this.chart.rest(nowMs);
      return;
    }
    this.#isAtRest = false;
    const { goneSinceMs } = this.history;
    this.history.fold(result, activeMs);
    if (result === 'gone') {
      this.#isChanged ||= goneSinceMs === undefined;
      return;
    }
    this.foldChart(result, this.chart.begin(nowMs));
    if (result !== 'moved') return;
    this.#isChanged = true;
    this.#pageVersion++;
  }

  /** The same object as before, while nothing about it changed. */
  row(time: SeenTime): RingRow {
    if (this.#isAtRest) return this.#row!;
    if (this.#isChanged || this.#isJudgementDue(time)) this.#look(time);
    return this.#row!;
  }

  /** After `row`: what somebody should know. */
  get findings(): readonly RingFinding[] {
    return this.#judgement.findings;
  }

  /** By the host's clock: the ring of a world that is held can be stepped. */
  #isJudgementDue({ nowMs }: SeenTime): boolean {
    return Math.abs(nowMs - this.#judgedMs) >= judgeIntervalMs;
  }

  #look(time: SeenTime): void {
    const { nowMs, activeMs } = time;
    const slot = Math.floor(nowMs / slotMs);
    if (slot !== this.#ratesSlot) this.readRates(nowMs);
    this.#ratesSlot = slot;
    const isJudged = this.#isJudgementDue(time);
    if (isJudged) {
      this.#judgedMs = nowMs;
      this.#judgement.take(this.#judge(this.history, activeMs));
    }
    this.#isChanged = false;
    this.#row = this.rowWith(this.#judgement.verdict!, this.#row);
    this.#isAtRest = isJudged && this.chart.isQuiet(nowMs) && this.history.isAtRest(activeMs);
  }

  view(time: SeenTime): RingView {
    const row = this.row(time);
    const { page, samples, tornSamples } = this.sampler;
    const { inside } = this.history;
    return {
      timeMs: time.nowMs,
      row,
      diagnoses: this.#judgement.diagnoses,
      ...this.contents(),
      pageVersion: this.#pageVersion,
      found: page.found,
      samples,
      tornSamples,
      ...(inside && { pending: { toServer: inside.pendingToServer, toGuest: inside.pendingToGuest } }),
    };
  }

  strip(sinceMs: number): RingStrip {
    return this.chart.read(sinceMs);
  }
}
