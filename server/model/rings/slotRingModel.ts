/** The state of one ring of requests and responses: what is in flight, and what lies in its slots. */
import type { PageSampler, SampleResult } from '../../capture/pageSampler';
import type { SlotSampler } from '../../capture/slotSampler';
import { PAGE_BYTES } from '../../host/pages';
import { ringWords } from './pageWords';
import { deviceOf } from './ringDevice';
import { RingModel, type Judge, type ContentsView } from './ringModel';
import type { RingRow, RingVerdict } from './ringTypes';
import { SlotReader } from './slotDetail';
import type { SlotKeeper } from './slotHistory';
import { slotSegments } from './slotSegments';
import type { RingDevice, RingSlotsState } from './slotTypes';

export class SlotRingModel extends RingModel {
  readonly #slots: SlotSampler;
  readonly #keeper: SlotKeeper;
  readonly #device: RingDevice;
  #reader: SlotReader | undefined;

  /** `sampler` is that of a ring of slots. */
  constructor(sampler: PageSampler, judge: Judge) {
    super(sampler, judge, ['slots']);
    this.#slots = sampler.slots!;
    this.#keeper = this.history.slots!;
    this.#device = deviceOf(sampler.page.device!);
  }

  protected foldChart(result: SampleResult, isNear: boolean): void {
    const { isInsane, inFlight, requests, responses } = this.#slots;
    if (result === 'torn') this.chart.mark('torn');
    if (isInsane) this.chart.mark('insane');
    if (this.#slots.result === 'reset') this.chart.mark('reset');
    const used = isInsane ? undefined : inFlight;
    if (isNear) this.chart.add(0, used, requests, responses, 0);
    else this.chart.add(0, used, 0, 0, 0);
  }

  protected readRates(nowMs: number): void {
    this.#keeper.requestsPerSecond = this.chart.rate(0, 'produced', nowMs);
    this.#keeper.responsesPerSecond = this.chart.rate(0, 'consumed', nowMs);
  }

  protected rowWith(verdict: RingVerdict, known: RingRow | undefined): RingRow {
    const slots = this.#state();
    if (known?.verdict === verdict && isSameState(known.slots!, slots)) return known;
    const { id, kind, domid } = this.sampler.page;
    return { id, kind, domid, device: this.#device, directions: [], slots, verdict };
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

  protected contents(): ContentsView {
    const reader = (this.#reader ??= new SlotReader(this.sampler, this.#slots));
    const slotsDetail = reader.read();
    const shown = reader.bytes.subarray(0, PAGE_BYTES);
    return {
      details: [],
      slotsDetail,
      words: ringWords(this.sampler),
      page: shown.toString('base64'),
      segments: slotSegments(this.#keeper, shown.length),
    };
  }
}

function isSameState(one: RingSlotsState, other: RingSlotsState): boolean {
  return (Object.keys(one) as (keyof RingSlotsState)[]).every((name) => one[name] === other[name]);
}
