/**
 * Samples all pages of a host while somebody listens, at the rate of the most eager listener.
 * Nobody listens: nothing is read, and nothing is mapped for it.
 */
import type { Clock, Timer } from '../host/clock';
import type { ObservedPage, Observer } from '../host/observer';
import { PageSampler, type SampleResult } from './pageSampler';

/** Pages beyond these are not looked at; `leftOut` counts them. */
export const maxSampledPages = 4_096;
export const minSampleIntervalMs = 5;

export interface SampleListener {
  /** Once for each page in each round. `page` is valid during the call; it is used again. */
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
}

export class RingSampler {
  readonly #observer: Observer;
  readonly #clock: Clock;
  readonly #listeners = new Map<SampleListener, number>();
  #pages: PageSampler[] = [];
  #isListStale = true;
  #leftOut = 0;
  #timer: Timer | undefined;
  #stopObserving: (() => void) | undefined;

  constructor({ observer, clock }: SamplerOptions) {
    this.#observer = observer;
    this.#clock = clock;
  }

  /** Pages of the host that are beyond the limit. */
  get leftOut(): number {
    return this.#leftOut;
  }

  get isSampling(): boolean {
    return this.#timer !== undefined;
  }

  /** `intervalMs` between two rounds; the first one comes at once, in a later turn. */
  listen(listener: SampleListener, intervalMs: number): Listening {
    this.#listeners.set(listener, bounded(intervalMs));
    this.#stopObserving ??= this.#observer.onChange(() => (this.#isListStale = true));
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

  /** Reads all pages now and tells the listeners. The timer does this by itself. */
  sampleNow(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#isListStale) this.#relist(nowMs);
    for (const page of this.#pages) {
      const result = page.sample(nowMs);
      this.#tell(page, result, nowMs);
      if (result === 'gone' && page.unreadable === undefined) this.#isListStale = true;
    }
    for (const listener of [...this.#listeners.keys()]) listener.ended?.(nowMs);
  }

  #tell(page: PageSampler, result: SampleResult, nowMs: number): void {
    for (const listener of this.#listeners.keys()) listener.sampled(page, result, nowMs);
  }

  #stop(listener: SampleListener): void {
    if (!this.#listeners.delete(listener)) return;
    if (this.#listeners.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopObserving?.();
    this.#stopObserving = undefined;
    // What comes and goes meanwhile is not heard; counts go on where they stood.
    this.#isListStale = true;
  }

  #intervalMs(): number {
    return Math.min(...this.#listeners.values());
  }

  #plan(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(delayMs, () => {
      try {
        this.sampleNow();
      } finally {
        if (this.#listeners.size > 0) this.#plan(this.#intervalMs());
      }
    });
  }

  /** Pages that are still there keep their counts; those that are not are told to be gone. */
  #relist(nowMs: number): void {
    const known = new Map<ObservedPage, PageSampler>(this.#pages.map((sampler) => [sampler.page, sampler]));
    const pages = this.#observer.pages();
    this.#leftOut = Math.max(0, pages.length - maxSampledPages);
    this.#pages = pages.slice(0, maxSampledPages).map((page) => {
      const sampler = known.get(page) ?? new PageSampler(page);
      known.delete(page);
      return sampler;
    });
    for (const sampler of known.values()) this.#tell(sampler, 'gone', nowMs);
    this.#isListStale = false;
  }
}

function bounded(intervalMs: number): number {
  return Number.isFinite(intervalMs) ? Math.max(minSampleIntervalMs, intervalMs) : minSampleIntervalMs;
}
