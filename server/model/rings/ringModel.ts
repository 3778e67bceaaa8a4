/** The state of one ring page, folded from its samples. */
import type { PageSampler, SampleResult } from '../../capture/pageSampler';
import { decodePackets, decodeText, type Packets } from './packets';
import { ringSegments, ringWords } from './pageWords';
import { HistoryKeeper, type RingHistory } from './ringHistory';
import type {
  RingDiagnosis,
  RingDirectionDetail,
  RingDirectionState,
  RingFinding,
  RingRow,
  RingStrip,
  RingVerdict,
  RingView,
} from './ringTypes';
import { Stream } from './stream';
import { Strip } from './strip';

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
  readonly #strip: Strip;
  readonly #streams: readonly (Stream | undefined)[];
  #row: RingRow | undefined;
  #diagnoses: readonly RingDiagnosis[] = [];
  #findings: readonly RingFinding[] = [];
  /** The same object until its words change. */
  #verdict: RingVerdict | undefined;
  #judgedMs = -Infinity;
  #isChanged = true;
  #pageVersion = 0;

  constructor(sampler: PageSampler, judge: Judge) {
    this.#sampler = sampler;
    this.#judge = judge;
    this.#history = new HistoryKeeper(sampler);
    this.#strip = new Strip(sampler.layout.directions.map(({ name }) => name));
    this.#streams = sampler.directions.map((direction) =>
      sampler.layout.carries === 'messages' ? new Stream(direction) : undefined,
    );
  }

  get id(): string {
    return this.#sampler.page.id;
  }

  get goneSinceMs(): number | undefined {
    return this.#history.goneSinceMs;
  }

  fold(result: SampleResult, { nowMs, activeMs }: RingTime): void {
    const { goneSinceMs } = this.#history;
    this.#history.fold(result, activeMs);
    if (result === 'gone') {
      this.#isChanged ||= goneSinceMs === undefined;
      return;
    }
    const isNear = this.#strip.begin(nowMs);
    if (result === 'torn') this.#strip.mark('torn');
    if (this.#sampler.isReconnecting) this.#strip.mark('reconnecting');
    this.#foldDirection(0, isNear);
    this.#foldDirection(1, isNear);
    if (result !== 'moved') return;
    this.#isChanged = true;
    this.#pageVersion++;
  }

  #foldDirection(which: 0 | 1, isNear: boolean): void {
    const sampler = this.#sampler.directions[which];
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
    const isMoving = this.#row?.directions.some((it) => it.producedPerSecond > 0 || it.consumedPerSecond > 0);
    if (this.#isChanged || isMoving || this.#isJudgementDue(time)) this.#look(time);
    return this.#row!;
  }

  /** After `row`: what somebody should know. */
  get findings(): readonly RingFinding[] {
    return this.#findings;
  }

  #judgeNow({ nowMs, activeMs }: RingTime): void {
    this.#judgedMs = nowMs;
    this.#diagnoses = this.#judge(this.#history, activeMs);
    const verdict = this.#diagnoses[0]!;
    if (!this.#verdict || !isSameVerdict(verdict, this.#verdict)) this.#verdict = verdictOf(verdict);
    const { domid, kind } = this.#sampler.page;
    this.#findings = this.#diagnoses.flatMap(({ rule, severity, text, evidence, direction }) =>
      severity === 'fine'
        ? []
        : [
            {
              id: [this.id, direction ?? '', rule].join('/'),
              ring: this.id,
              domid,
              kind,
              rule,
              severity,
              text,
              evidence,
            },
          ],
    );
  }

  /** By the host's clock: the ring of a world that is held can be stepped. */
  #isJudgementDue({ nowMs }: RingTime): boolean {
    return Math.abs(nowMs - this.#judgedMs) >= judgeIntervalMs;
  }

  #look(time: RingTime): void {
    const directions = this.#sampler.directions.map((_, which) => this.#direction(which, time.nowMs));
    directions.forEach(({ producedPerSecond, consumedPerSecond }, which) => {
      const direction = this.#history.directions[which]!;
      direction.producedPerSecond = producedPerSecond;
      direction.consumedPerSecond = consumedPerSecond;
    });
    if (this.#isJudgementDue(time)) this.#judgeNow(time);
    this.#isChanged = false;
    const { domid, kind } = this.#sampler.page;
    const row: RingRow = { id: this.id, kind, domid, directions, verdict: this.#verdict! };
    if (!this.#row || !sameRow(row, this.#row)) this.#row = row;
  }

  #direction(which: number, nowMs: number): RingDirectionState {
    const { layout, prod, cons, usedBytes, insane, isVoid } = this.#history.directions[which]!;
    const { name, producer, consumer, offsetBytes, sizeBytes } = layout;
    const messages = this.#streams[which] && this.#strip.rate(which, 'messages', nowMs);
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
      producedPerSecond: this.#strip.rate(which, 'produced', nowMs),
      consumedPerSecond: this.#strip.rate(which, 'consumed', nowMs),
      ...(messages === undefined ? {} : { messagesPerSecond: messages }),
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
      diagnoses: this.#diagnoses,
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
    const { counter, totalUnseenBytes } = this.#sampler.directions[which as 0 | 1];
    return {
      ...this.#packets(which),
      producedBytes: counter.totalProducedBytes,
      consumedBytes: counter.totalConsumedBytes,
      unseenBytes: totalUnseenBytes,
      resets: counter.resets,
    };
  }

  #packets(which: number): Packets {
    const { layout, counter } = this.#sampler.directions[which as 0 | 1];
    if (this.#sampler.layout.carries === 'unseen') return nothing;
    if (counter.isInsane || this.#sampler.isReconnecting || !this.#sampler.hasRead) return nothing;
    const contents = { layout, page: this.#sampler.bytes, prod: counter.prod, cons: counter.cons };
    const stream = this.#streams[which];
    return stream ? decodePackets(contents, stream) : decodeText(contents);
  }
}

function sameRow(one: RingRow, other: RingRow): boolean {
  return (
    one.verdict === other.verdict &&
    one.directions.every((direction, at) => sameDirection(direction, other.directions[at]!))
  );
}

/** Without the direction that it was found in. */
function verdictOf({ rule, severity, text, evidence }: RingDiagnosis): RingVerdict {
  return { rule, severity, text, evidence };
}

function isSameVerdict(one: RingVerdict, other: RingVerdict): boolean {
  return (
    one.rule === other.rule &&
    one.text === other.text &&
    one.evidence.length === other.evidence.length &&
    one.evidence.every((line, at) => line === other.evidence[at])
  );
}

/** What else a direction tells never changes. */
function sameDirection(one: RingDirectionState, other: RingDirectionState): boolean {
  return (
    one.prod === other.prod &&
    one.cons === other.cons &&
    one.usedBytes === other.usedBytes &&
    one.insane === other.insane &&
    one.unknown === other.unknown &&
    one.producedPerSecond === other.producedPerSecond &&
    one.consumedPerSecond === other.consumedPerSecond &&
    one.messagesPerSecond === other.messagesPerSecond
  );
}
