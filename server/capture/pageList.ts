/** The pages of a host, each with its sampler, kept up to date as pages come and go. */
import type { ObservedPage, Observer } from '../host/observer';
import { PageSampler } from './pageSampler';

/** Pages beyond these are not looked at; `leftOut` counts them. */
export const maxSampledPages = 4_096;

export class PageList {
  readonly #observer: Observer;
  #all: readonly PageSampler[] = [];
  #ofDomain = new Map<number, PageSampler[]>();
  #isStale = true;
  #leftOut = 0;
  #stopObserving: (() => void) | undefined;

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  get all(): readonly PageSampler[] {
    return this.#all;
  }

  /** Without the data rings of sockets, of which one domain may have hundreds: they are not looked at with each move. */
  ofDomain(domid: number): readonly PageSampler[] {
    return this.#ofDomain.get(domid) ?? [];
  }

  /** Pages of the host that are beyond the limit. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Hears from now on when pages come and go. */
  follow(): void {
    this.#stopObserving ??= this.#observer.onChange(() => this.outdate());
  }

  /** What comes and goes meanwhile is not heard; counts go on where they stood. */
  unfollow(): void {
    this.#stopObserving?.();
    this.#stopObserving = undefined;
    this.outdate();
  }

  /** The next `refresh` asks the host again. */
  outdate(): void {
    this.#isStale = true;
  }

  /**
   * Pages that are still there keep their counts; answers those that are not. When the host cannot
   * tell its pages the list stays as it is, and is asked for again the next time.
   */
  refresh(): readonly PageSampler[] {
    if (!this.#isStale) return [];
    const pages = this.#observer.pages();
    this.#isStale = false;
    const known = new Map<ObservedPage, PageSampler>(this.#all.map((sampler) => [sampler.page, sampler]));
    this.#leftOut = Math.max(0, pages.length - maxSampledPages);
    this.#all = pages.slice(0, maxSampledPages).map((page) => {
      const sampler = known.get(page) ?? new PageSampler(page);
      known.delete(page);
      return sampler;
    });
    this.#ofDomain = new Map();
    for (const sampler of this.#all) {
      const { domid, device } = sampler.page;
      if (device?.format.kind === 'pvcallsData') continue;
      const others = this.#ofDomain.get(domid);
      if (others) others.push(sampler);
      else this.#ofDomain.set(domid, [sampler]);
    }
    return [...known.values()];
  }
}
