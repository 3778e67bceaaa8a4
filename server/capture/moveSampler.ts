/**
 * Samples a host that tells when something happened in it: the pages of that domain at once, so that
 * a ring is seen step by step, and soon afterwards all of them. While nothing happens nobody wakes,
 * and a flood costs no more than the limit: what is beyond it is seen by the next round, which
 * counts exactly, and misses contents and states that lasted shorter.
 */
import type { Clock, Timer } from '../host/clock';
import type { Observer } from '../host/observer';
import { Mistakes } from './mistakes';
import { PageList } from './pageList';
import type { PageSampler } from './pageSampler';
import type { SampleListener, SamplerOptions } from './sampler';

export const roundMs = 50;
/** Between two rounds, so that recording costs a few percent of one processor at most, whatever happens. */
export const maxLooksPerRound = 64;
/** Of those at one domain: one that floods its ring leaves the others theirs. */
export const maxLooksAtOne = 32;

/** An observer that tells of moves. */
export type MovingObserver = Observer & Required<Pick<Observer, 'onMove'>>;

export interface MoveSamplerOptions extends SamplerOptions {
  readonly observer: MovingObserver;
  readonly listener: SampleListener;
}

/** Begins with a round in which all pages are seen as they are; returns how to stop. */
export function sampleMoves(options: MoveSamplerOptions): () => void {
  const sampler = new MoveSampler(options);
  return () => sampler.stop();
}

class MoveSampler {
  readonly #clock: Clock;
  readonly #list: PageList;
  readonly #listener: SampleListener;
  readonly #mistakes: Mistakes;
  readonly #stopMoves: () => void;
  #looks = 0;
  /** By domain, since the last round. */
  readonly #looksAt = new Map<number, number>();
  #timer: Timer | undefined;

  constructor({ observer, clock, listener, onMistake }: MoveSamplerOptions) {
    this.#clock = clock;
    this.#listener = listener;
    this.#mistakes = new Mistakes(onMistake);
    this.#list = new PageList(observer);
    this.#list.follow();
    this.#stopMoves = observer.onMove((domid) => this.#moved(domid));
    this.#round();
  }

  stop(): void {
    this.#stopMoves();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#list.unfollow();
  }

  #moved(domid: number | undefined): void {
    this.#timer ??= this.#clock.after(roundMs, () => this.#round());
    if (domid === undefined || this.#looks >= maxLooksPerRound) return;
    const looks = this.#looksAt.get(domid) ?? 0;
    if (looks >= maxLooksAtOne) return;
    this.#looksAt.set(domid, looks + 1);
    this.#looks++;
    this.#refresh();
    for (const page of this.#list.ofDomain(domid)) this.#sample(page);
  }

  #round(): void {
    this.#timer = undefined;
    this.#looks = 0;
    this.#looksAt.clear();
    this.#refresh();
    for (const page of this.#list.all) this.#sample(page);
  }

  #refresh(): void {
    const gone = this.#mistakes.guard(() => this.#list.refresh()) ?? [];
    for (const page of gone) this.#tell(page, 'gone');
  }

  #sample(page: PageSampler): void {
    const result = page.sample(this.#clock.nowMs());
    this.#tell(page, result);
    if (result === 'gone' && page.unreadable === undefined) this.#list.outdate();
  }

  #tell(page: PageSampler, result: ReturnType<PageSampler['sample']>): void {
    this.#mistakes.guard(() => this.#listener.sampled(page, result, this.#clock.nowMs()));
  }
}
