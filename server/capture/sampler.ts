/**
 * Samples all pages of a host while somebody listens, at the rate of the most eager listener, or as
 * often as its share of the processor allows. Nobody listens: nothing is read, and nothing is mapped
 * for it.
 */
import type { Clock, Timer } from '../host/clock';
import type { Observer } from '../host/observer';
import { Mistakes } from './mistakes';
import { PageList } from './pageList';
import type { PageSampler, SampleResult } from './pageSampler';

export const minSampleIntervalMs = 5;
/** Rounds, and what listeners do in them, take no more of the time: whoever is looked at shall not feel it. */
export const maxShareOfTime = 0.025;
/** For that rounds come later than asked for, but no later than this. */
export const maxStretchedIntervalMs = 100;
/** Whoever asks for rounds as seldom as this looks after things while nobody sees them: those may come four times as late. */
export const unhurriedIntervalMs = 500;
const unhurriedStretch = 4;
/** A clock tells whole milliseconds, and rounds mostly take less: many are averaged. */
const averagedRounds = 16;

export interface SampleListener {
  /** For each page that a round looks at; those at rest are left out of most. `page` is valid during the call; it is used again. */
  sampled(page: PageSampler, result: SampleResult, nowMs: number): void;
  /** A round is over. */
  ended?(nowMs: number): void;
}

export interface Listening {
  /** Changes how often; the next round keeps to it. */
  setInterval(intervalMs: number): void;
  /** Safe to call twice. */
  stop(): void;
}

export interface SamplerOptions {
  readonly observer: Observer;
  readonly clock: Clock;
  /** Told what a listener threw, or the host when it was asked for its pages; the sampling goes on. */
  readonly onMistake?: (error: unknown) => void;
}

export class RingSampler {
  readonly #clock: Clock;
  readonly #list: PageList;
  readonly #mistakes: Mistakes;
  readonly #listeners = new Map<SampleListener, number>();
  #timer: Timer | undefined;
  /** What a round took lately. */
  #roundMs = 0;

  constructor({ observer, clock, onMistake }: SamplerOptions) {
    this.#clock = clock;
    this.#list = new PageList(observer);
    this.#mistakes = new Mistakes(onMistake);
  }

  /** Pages of the host that are beyond the limit. */
  get leftOut(): number {
    return this.#list.leftOut;
  }

  get isSampling(): boolean {
    return this.#timer !== undefined;
  }

  /** `intervalMs` between two rounds; the first one comes at once, in a later turn. */
  listen(listener: SampleListener, intervalMs: number): Listening {
    this.#listeners.set(listener, bounded(intervalMs));
    this.#list.follow();
    this.#plan(0);
    return {
      setInterval: (nextMs) => {
        if (!this.#listeners.has(listener)) return;
        this.#listeners.set(listener, bounded(nextMs));
        this.#plan(this.#intervalMs());
      },
      stop: () => this.#stop(listener),
    };
  }

  /** Reads all pages that are due and tells the listeners. The timer does this by itself. */
  sampleNow(): void {
    const nowMs = this.#clock.nowMs();
    const gone = this.#mistakes.guard(() => this.#list.refresh()) ?? [];
    for (const page of gone) this.#tell(page, 'gone', nowMs);
    for (const page of this.#list.all) {
      if (!page.isDue(nowMs)) continue;
      const result = page.sample(nowMs);
      this.#tell(page, result, nowMs);
      if (result === 'gone' && page.unreadable === undefined) this.#list.outdate();
    }
    for (const listener of [...this.#listeners.keys()]) this.#mistakes.guard(() => listener.ended?.(nowMs));
  }

  #tell(page: PageSampler, result: SampleResult, nowMs: number): void {
    for (const listener of this.#listeners.keys()) {
      try {
        listener.sampled(page, result, nowMs);
      } catch (error) {
        this.#mistakes.tell(error);
      }
    }
  }

  #stop(listener: SampleListener): void {
    if (!this.#listeners.delete(listener)) return;
    if (this.#listeners.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#list.unfollow();
  }

  #intervalMs(): number {
    return Math.min(...this.#listeners.values());
  }

  #plan(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(delayMs, () => {
      const startedMs = this.#clock.nowMs();
      this.sampleNow();
      this.#average(this.#clock.nowMs() - startedMs);
      if (this.#listeners.size > 0) this.#plan(this.#nextMs());
    });
  }

  /** Clocks may be set meanwhile. */
  #average(tookMs: number): void {
    const believedMs = Math.min(Math.max(0, tookMs), maxStretchedIntervalMs);
    this.#roundMs += (believedMs - this.#roundMs) / averagedRounds;
  }

  #nextMs(): number {
    const intervalMs = this.#intervalMs();
    const isUnhurried = intervalMs >= unhurriedIntervalMs;
    const mostMs = isUnhurried ? unhurriedStretch * intervalMs : maxStretchedIntervalMs;
    return Math.max(intervalMs, Math.min(this.#roundMs / maxShareOfTime, mostMs));
  }
}

function bounded(intervalMs: number): number {
  return Number.isFinite(intervalMs) ? Math.max(minSampleIntervalMs, intervalMs) : minSampleIntervalMs;
}
