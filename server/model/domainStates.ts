/** Joins what the xenstore tells of domains with what the hypervisor tells: neither knows of all of them. */
import type { Clock } from '../host/clock';
import type { DomainLife } from '../host/domainLife';
import { lifeText, onlyNodesText } from './domainWords';
import type { Domain } from './treeTypes';

/** The memory of a large domain takes seconds to be given back; one that is dying for longer is held by somebody. */
export const zombieAfterMs = 5_000;

export class DomainStates {
  readonly #clock: Clock;
  /** Since when domains are dying. */
  #dyingSinceMs = new Map<number, number>();
  /** A domain whose nodes are gone is called as before. */
  #names = new Map<number, string | undefined>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In order of domid. */
  join(inStore: readonly Domain[], lives: readonly DomainLife[]): Domain[] {
    const domains = new Map<number, Domain>();
    for (const { domid, name } of inStore) {
      domains.set(domid, { ...domainOf(domid, name, onlyNodesText), isGone: true });
    }
    this.#keepDying(lives);
    const names = new Map<number, string | undefined>();
    for (const life of lives) {
      const { domid, type } = life;
      const name = domains.get(domid)?.name ?? this.#names.get(domid);
      names.set(domid, name);
      const isLeft = this.#isLeft(domid);
      const hasNodes = domains.has(domid);
      domains.set(domid, {
        ...domainOf(domid, name, lifeText(life, isLeft)),
        type,
        ...(!hasNodes && { isInStore: false }),
        ...(life.state === 'dying' && (isLeft || !hasNodes) && { isGone: true }),
      });
    }
    this.#names = names;
    return [...domains.values()].sort((left, right) => left.domid - right.domid);
  }

  #keepDying(lives: readonly DomainLife[]): void {
    const nowMs = this.#clock.nowMs();
    const dying = lives.filter(({ state }) => state === 'dying');
    this.#dyingSinceMs = new Map(dying.map(({ domid }) => [domid, this.#dyingSinceMs.get(domid) ?? nowMs]));
  }

  #isLeft(domid: number): boolean {
    const sinceMs = this.#dyingSinceMs.get(domid);
    return sinceMs !== undefined && this.#clock.nowMs() >= sinceMs + zombieAfterMs;
  }
}

/** What is absent has no key. */
function domainOf(domid: number, name: string | undefined, state: string | undefined): Domain {
  return { domid, ...(name && { name }), ...(state && { state }) };
}
