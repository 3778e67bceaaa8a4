/**
 * Which node a grant of a vchan belongs to, where several of a domain name it. A program that was killed leaves
 * its node, and its grant is free for the next one: whoever was seen to write later is right. What the others say
 * is refuted, also when that one has gone. Where it was not seen who wrote later nobody is: one of them is chosen,
 * and the others stand as soon as it goes.
 */
import type { VchanNode } from '../../server/vchan/findVchans';

export interface StandingNode extends VchanNode {
  /** Another one when the node was written again: what its grant leads to may be another page then. */
  readonly writing: number;
}

interface Known extends StandingNode {
  /** The search that found it first, or first after it was written again; 0: it was not seen when that was. */
  search: number;
  isRefuted: boolean;
}

const nodeName = '/ring-ref';

/** Those of one domain. */
export class GrantNodes {
  /** By path: those that the last search found. */
  #known = new Map<string, Known>();
  #searches = 0;
  #writes = 0;
  /** Paths of those that were written again since, and which of all writes that was. */
  readonly #written = new Map<string, number>();

  /** Counts what was heard so far: what a search that begins now may have met. */
  get moment(): number {
    return this.#writes;
  }

  /** `path` is that of any node. */
  written(path: string): void {
    const folder = path.slice(0, -nodeName.length);
    if (path.endsWith(nodeName) && this.#known.has(folder)) this.#written.set(folder, ++this.#writes);
  }

  /** Events may have been missed: what was known is no evidence any more. */
  forget(): void {
    this.#written.clear();
    for (const known of this.#known.values()) {
      known.search = 0;
      known.isRefuted = false;
    }
  }

  /** Those of `nodes`, all that a search found which began at `moment`, that are neither refuted nor left out for another. */
  standing(nodes: readonly VchanNode[], moment: number): StandingNode[] {
    this.#searches++;
    this.#known = new Map(nodes.map((node) => [node.path, this.#knownOf(node, moment)]));
    for (const [path, write] of this.#written) {
      if (write <= moment || !this.#known.has(path)) this.#written.delete(path);
    }
    const latest = new Map<number, Known>();
    for (const known of this.#known.values()) {
      const other = latest.get(known.gref);
      if (!other || other.search <= known.search) latest.set(known.gref, known);
    }
    const all = [...this.#known.values()];
    for (const known of all) known.isRefuted ||= latest.get(known.gref)!.search > known.search;
    return all
      .filter((known) => !known.isRefuted && latest.get(known.gref) === known)
      .map(({ path, gref, writing }) => ({ path, gref, writing }));
  }

  #knownOf({ path, gref }: VchanNode, moment: number): Known {
    const before = this.#known.get(path);
    const isWritten = (this.#written.get(path) ?? Infinity) <= moment;
    if (before?.gref === gref && !isWritten) return before;
    return { path, gref, writing: this.#searches, search: this.#searches, isRefuted: false };
  }
}
