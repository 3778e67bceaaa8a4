/**
 * Which node a grant of a vchan belongs to, where several of a domain name it. A program that was killed leaves
 * its node, and its grant is free for the next one: whoever wrote last is right, and what the others say is
 * refuted for good, also when that one has gone.
 */
import type { VchanNode } from '../../server/vchan/findVchans';

interface Known {
  readonly gref: number;
  /** Of two the later one was written, or found, after the other. */
  order: number;
  isRefuted: boolean;
}

/** Those of one domain. */
export class GrantNodes {
  /** By path: those that were found last. */
  #known = new Map<string, Known>();
  #lastOrder = 0;

  /** `path` is that of any node; those that were not found yet are new when they are. */
  written(path: string): void {
    const known = this.#known.get(path.replace(/\/ring-ref$/, ''));
    if (!known) return;
    known.order = ++this.#lastOrder;
    known.isRefuted = false;
  }

  /** Those of `nodes`, all that the domain has, that no other one refutes. */
  standing(nodes: readonly VchanNode[]): VchanNode[] {
    const before = this.#known;
    this.#known = new Map(nodes.map((node) => [node.path, this.#knownOf(node, before.get(node.path))]));
    const latest = new Map<number, Known>();
    for (const known of this.#known.values()) {
      const other = latest.get(known.gref);
      if (!other || other.order < known.order) latest.set(known.gref, known);
    }
    for (const known of this.#known.values()) known.isRefuted ||= latest.get(known.gref) !== known;
    return nodes.filter(({ path }) => !this.#known.get(path)!.isRefuted);
  }

  #knownOf({ gref }: VchanNode, before: Known | undefined): Known {
    return before?.gref === gref ? before : { gref, order: ++this.#lastOrder, isRefuted: false };
  }
}
