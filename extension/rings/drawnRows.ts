/** What the rows of the view “Rings” say on screen: a row that would say the same is not drawn again. */
import type { RingRow } from '../../server/rpc/api';
import { groupDescription, ringDescription, verdictIcon } from './ringTexts';

export interface RowNews {
  readonly rings: readonly RingRow[];
  /** Whose groups say something else. */
  readonly domids: readonly number[];
}

export class DrawnRows {
  readonly #rings = new Map<string, string>();
  readonly #groups = new Map<number, string>();

  /** All rows are drawn anew: each tells once more. */
  forget(): void {
    this.#rings.clear();
    this.#groups.clear();
  }

  /** Of `changed` what has to be drawn again; `all` are the rings of the host as they are now. */
  news(changed: readonly RingRow[], all: readonly RingRow[]): RowNews {
    const rings = changed.filter((ring) => this.#isNews(ring));
    const domids = [...new Set(rings.map(({ domid }) => domid))];
    return { rings, domids: domids.filter((domid) => this.#isGroupNews(domid, all)) };
  }

  #isNews(ring: RingRow): boolean {
    const words = ringDescription(ring) + verdictIcon(ring.verdict).icon;
    if (this.#rings.get(ring.id) === words) return false;
    this.#rings.set(ring.id, words);
    return true;
  }

  #isGroupNews(domid: number, all: readonly RingRow[]): boolean {
    const words = groupDescription(all.filter((ring) => ring.domid === domid));
    if ((this.#groups.get(domid) ?? '') === words) return false;
    this.#groups.set(domid, words);
    return true;
  }
}
