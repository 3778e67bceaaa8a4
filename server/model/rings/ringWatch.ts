/**
 * All rings of a host, for those who want to see them: samples while somebody subscribes, keeps a
 * model of each ring, and tells frames of them, each subscriber as often as it likes.
 */
import type { Clock } from '../../host/clock';
import type { Observer } from '../../host/observer';
import { type Listening, RingSampler, type SampleListener } from '../../capture/sampler';
import type { PageSampler, SampleResult } from '../../capture/pageSampler';
import { ByteRingModel } from './byteRingModel';
import { HeldTime, type SeenTime } from '../heldTime';
import type { Judge, RingModel } from './ringModel';
import type { RingFinding, RingRow, RingsFrame, RingStrip, RingView } from './ringTypes';
import { SlotRingModel } from './slotRingModel';

/** A ring whose page is gone is shown so for this long. */
export const goneShownMs = 10_000;

export interface RingWatchOptions {
  readonly observer: Observer;
  readonly clock: Clock;
  /** The ring doctor. */
  readonly judge: Judge;
  /** Whether the world stands still: time in which nobody could act accuses nobody. */
  readonly isHeld?: () => boolean;
}

export interface RingSubscription {
  setInterval(intervalMs: number): void;
  /** Safe to call twice. The last one to stop ends the sampling. */
  stop(): void;
}

export type RingListener = (frame: RingsFrame) => void;

interface Subscriber {
  readonly listener: RingListener;
  intervalMs: number;
  toldMs: number | undefined;
}

/** One ring as of the last round. */
export interface SeenRing {
  readonly sampler: PageSampler;
  readonly row: RingRow;
}

interface Watched {
  readonly sampler: PageSampler;
  readonly model: RingModel;
  /** Of one at rest what was told last is still true, and nothing else of it needs to be touched. */
  isAtRest: boolean;
  row: RingRow | undefined;
  findings: readonly RingFinding[];
}

export class RingWatch {
  /** Others may listen to the samples as well, e.g. a journal. */
  readonly sampler: RingSampler;
  readonly #judge: Judge;
  readonly #clock: Clock;
  readonly #time: HeldTime;
  readonly #rings = new Map<string, Watched>();
  readonly #subscribers = new Set<Subscriber>();
  #listening: Listening | undefined;
  /** Some rings may be gone: they are shown for a while. */
  #hasGone = false;

  constructor({ observer, clock, judge, isHeld = () => false }: RingWatchOptions) {
    this.sampler = new RingSampler({ observer, clock });
    this.#clock = clock;
    this.#judge = judge;
    this.#time = new HeldTime(isHeld);
  }

  /** The first frame comes in a later turn, the next ones at most every `intervalMs`. */
  subscribe(listener: RingListener, { intervalMs }: { readonly intervalMs: number }): RingSubscription {
    const subscriber: Subscriber = { listener, intervalMs, toldMs: undefined };
    this.#subscribers.add(subscriber);
    this.#listen();
    return {
      setInterval: (nextMs) => {
        subscriber.intervalMs = nextMs;
        this.#listen();
      },
      stop: () => {
        if (this.#subscribers.delete(subscriber)) this.#listen();
      },
    };
  }

  /** Its row as it was told last, and its page as it was sampled last; undefined where none was told yet. */
  seen(id: string): SeenRing | undefined {
    const ring = this.#rings.get(id);
    if (!ring?.row || ring.model.goneSinceMs !== undefined) return undefined;
    return ring as SeenRing;
  }

  /** Everything about one ring as of the last sample; undefined when there is no such ring. */
  detail(id: string): RingView | undefined {
    return this.#rings.get(id)?.model.view(this.#time.at(this.#clock.nowMs()));
  }

  /** The last two minutes of one ring, or only what came since a moment. */
  strip(id: string, sinceMs = 0): RingStrip | undefined {
    return this.#rings.get(id)?.model.strip(sinceMs);
  }

  /** Samples as often as the most eager subscriber wants; not at all without one. */
  #listen(): void {
    if (this.#subscribers.size === 0) {
      this.#listening?.stop();
      this.#listening = undefined;
      return;
    }
    const intervalMs = Math.min(...[...this.#subscribers].map((subscriber) => subscriber.intervalMs));
    if (this.#listening) this.#listening.setInterval(intervalMs);
    else this.#listening = this.sampler.listen(this.#samples, intervalMs);
  }

  readonly #samples: SampleListener = {
    sampled: (page, result, nowMs) => this.#fold(page, result, nowMs),
    ended: (nowMs) => {
      this.#forgetGone(this.#time.at(nowMs).activeMs);
      this.#tell(nowMs);
    },
  };

  #fold(sampler: PageSampler, result: SampleResult, nowMs: number): void {
    const { id } = sampler.page;
    let ring = this.#rings.get(id);
    if (result === 'gone') {
      this.#hasGone = true;
      // Another page may have taken its place already.
      if (ring?.sampler !== sampler) return;
    } else if (ring?.sampler !== sampler) {
      const Model = sampler.slots ? SlotRingModel : ByteRingModel;
      const model = new Model(sampler, this.#judge);
      ring = { sampler, model, isAtRest: false, row: undefined, findings: [] };
      this.#rings.set(id, ring);
    }
    ring.model.fold(result, this.#time.at(nowMs));
    // That it has come to rest may have been found by a look at this one alone, which told no frame.
    ring.isAtRest &&= ring.model.isAtRest;
  }

  #forgetGone(activeMs: number): void {
    if (!this.#hasGone) return;
    this.#hasGone = false;
    for (const [id, { model }] of this.#rings) {
      if (model.goneSinceMs === undefined) continue;
      if (activeMs - model.goneSinceMs >= goneShownMs) this.#rings.delete(id);
      else this.#hasGone = true;
    }
  }

  #tell(nowMs: number): void {
    let frame: RingsFrame | undefined;
    for (const subscriber of [...this.#subscribers]) {
      // Timers come a little early or late: a tenth of the interval does not cost a whole one.
      const { toldMs, intervalMs } = subscriber;
      if (toldMs !== undefined && nowMs - toldMs < 0.9 * intervalMs) continue;
      subscriber.toldMs = nowMs;
      frame ??= this.#frame(nowMs);
      subscriber.listener(frame);
    }
  }

  #frame(timeMs: number): RingsFrame {
    const time = this.#time.at(timeMs);
    const rings: RingRow[] = [];
    const findings: RingFinding[] = [];
    for (const ring of this.#rings.values()) {
      if (!ring.isAtRest) this.#look(ring, time);
      rings.push(ring.row!);
      for (const finding of ring.findings) findings.push(finding);
    }
    return { timeMs, rings, findings, leftOut: this.sampler.leftOut };
  }

  #look(ring: Watched, time: SeenTime): void {
    const { model } = ring;
    ring.row = model.row(time);
    ring.findings = model.findings;
    ring.isAtRest = model.isAtRest;
  }
}
