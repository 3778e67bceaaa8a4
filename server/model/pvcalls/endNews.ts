/** What our own ends found lately: findings have no time of their own, so that they are news as long as their count moved. */
import type { EndReport } from '../../host/endReports';
import type { SeenTime } from '../heldTime';
import type { EndFindingSeen } from './pvcallsSeen';

/** A peer that keeps the rules for so long is accused no more. */
export const endNewsMs = 60_000;

interface Counted {
  count: number;
  movedMs: number;
}

export class EndNews {
  readonly #counts = new Map<string, Counted>();

  /** Found before anybody looked is news as well. */
  take(reports: readonly EndReport[], { activeMs }: SeenTime): readonly EndFindingSeen[] {
    const news: EndFindingSeen[] = [];
    for (const { side, findings } of reports) {
      for (const { kind, text, count } of findings()) {
        const known = this.#of(`${side} ${kind}`);
        if (count !== known.count) Object.assign(known, { count, movedMs: activeMs });
        if (count > 0 && activeMs - known.movedMs < endNewsMs) news.push({ side, kind, text, count });
      }
    }
    return news;
  }

  #of(key: string): Counted {
    let known = this.#counts.get(key);
    if (!known) this.#counts.set(key, (known = { count: 0, movedMs: -Infinity }));
    return known;
  }
}
