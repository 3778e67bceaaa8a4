/** The state of one ring of bytes: in each direction what waits, how fast it moves, and which packets are there. */
import type { PageSampler, SampleResult } from '../../capture/pageSampler';
import { FlexContents, type FlexPackets } from './flexContents';
import { decodePackets, decodeText, type Packets } from './packets';
import { ringSegments, ringWords } from './pageWords';
import { deviceOf } from './ringDevice';
import type { DirectionHistory } from './ringHistory';
import { RingModel, type Judge, type ContentsView } from './ringModel';
import type { RingDirectionDetail, RingDirectionState, RingRow, RingVerdict } from './ringTypes';
import type { RingDevice } from './slotTypes';
import { Stream } from './stream';

const nothing: Packets = { queued: [], consumed: [] };

export class ByteRingModel extends RingModel {
  readonly #streams: readonly (Stream | undefined)[];
  /** Of a stream nobody can tell messages: what is counted instead are looks that find something new. */
  readonly #countsWrites: boolean;
  /** Where it is a device's ring. */
  readonly #device: RingDevice | undefined;
  /** Of a 9pfs device, and of a socket. */
  readonly #flex: FlexContents | undefined;

  constructor(sampler: PageSampler, judge: Judge) {
    super(
      sampler,
      judge,
      sampler.layout.directions.map(({ name }) => name),
    );
    this.#countsWrites = sampler.layout.kind === 'vchan';
    this.#device = sampler.page.device && deviceOf(sampler.page.device);
    const format = sampler.page.device?.format.kind;
    this.#flex = format === 'flex' || format === 'pvcallsData' ? new FlexContents(sampler) : undefined;
    this.#streams = sampler.directions.map((direction) =>
      sampler.layout.carries === 'messages' ? new Stream(direction) : undefined,
    );
  }

  protected foldChart(result: SampleResult, isNear: boolean): void {
    if (result === 'torn') this.chart.mark('torn');
    if (this.sampler.isReconnecting) this.chart.mark('reconnecting');
    for (let which = 0; which < this.sampler.directions.length; which++) this.#foldDirection(which, isNear);
  }

  #foldDirection(which: number, isNear: boolean): void {
    const sampler = this.sampler.directions[which]!;
    const { counter, result } = sampler;
    const messages = this.#streams[which]?.fold(this.sampler) ?? this.#writes(counter.producedBytes);
    if (counter.isInsane) this.chart.mark('insane');
    if (result === 'reset') this.chart.mark('reset');
    const used = counter.isInsane || this.sampler.isReconnecting ? undefined : counter.usedBytes;
    if (isNear) this.chart.add(which, used, counter.producedBytes, counter.consumedBytes, messages);
    else this.chart.add(which, used, 0, 0, 0);
  }

  #writes(producedBytes: number): number {
    return this.#countsWrites && producedBytes > 0 ? 1 : 0;
  }

  protected readRates(nowMs: number): void {
    this.history.directions.forEach((direction, which) => {
      direction.producedPerSecond = this.chart.rate(which, 'produced', nowMs);
      direction.consumedPerSecond = this.chart.rate(which, 'consumed', nowMs);
      if (this.#streams[which]) direction.messagesPerSecond = this.chart.rate(which, 'messages', nowMs);
      else if (this.#countsWrites) direction.writesPerSecond = this.chart.rate(which, 'messages', nowMs);
    });
  }

  protected rowWith(verdict: RingVerdict, known: RingRow | undefined): RingRow {
    const directions = this.history.directions.map((direction, which) =>
      this.#direction(direction, known?.directions[which]),
    );
    const isSame = known?.verdict === verdict && directions.every((one, at) => one === known.directions[at]);
    if (isSame) return known;
    const { id, domid, kind, peerDomid } = this.sampler.page;
    const device = this.#device && { device: this.#device };
    return { id, kind, domid, ...(peerDomid !== undefined && { peerDomid }), ...device, directions, verdict };
  }

  /** `known`, while nothing about it changed. */
  #direction(direction: DirectionHistory, known: RingDirectionState | undefined): RingDirectionState {
    if (known && isSameDirection(known, direction)) return known;
    const { layout, prod, cons, usedBytes, insane, isVoid, messagesPerSecond, writesPerSecond } = direction;
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
      ...(writesPerSecond === undefined ? {} : { writesPerSecond }),
    };
  }

  #nameOf(side: 'guest' | 'server'): string {
    const { guestName, serverName } = this.sampler.layout;
    return side === 'guest' ? guestName : serverName;
  }

  protected contents(): ContentsView {
    const { directions } = this.history;
    const flex = this.#flex?.read();
    return {
      details: directions.map((_, which) => this.#detail(which, flex?.[which])),
      words: ringWords(this.sampler),
      page: Buffer.from(this.sampler.bytes).toString('base64'),
      segments: ringSegments(this.sampler, directions),
    };
  }

  #detail(which: number, packets: FlexPackets = this.#packets(which)): RingDirectionDetail {
    const { counter, totalUnseenBytes } = this.sampler.directions[which]!;
    return {
      ...packets,
      producedBytes: counter.totalProducedBytes,
      consumedBytes: counter.totalConsumedBytes,
      unseenBytes: totalUnseenBytes,
      resets: counter.resets,
    };
  }

  #packets(which: number): Packets {
    const { layout, counter } = this.sampler.directions[which]!;
    if (this.sampler.layout.carries === 'unseen') return nothing;
    if (counter.isInsane || this.sampler.isReconnecting || !this.sampler.hasRead) return nothing;
    const contents = { layout, page: this.sampler.bytes, prod: counter.prod, cons: counter.cons };
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
    told.messagesPerSecond === now.messagesPerSecond &&
    told.writesPerSecond === now.writesPerSecond
  );
}
