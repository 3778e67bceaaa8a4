/**
 * The domains of a host: which there are and how they are. What may be done with them is another
 * matter (worldControl.ts), and on a real host none of ours.
 */
import type { DomainState, ShutdownReason, WorldControl } from './worldControl';

export interface DomainInfo {
  readonly domid: number;
  /** Undefined where the host does not know it. */
  readonly name: string | undefined;
  readonly state: Exclude<DomainState, 'absent'>;
  /** Why it shut down; a crash is the reason `crash`. */
  readonly reason: ShutdownReason | undefined;
}

export interface Domains {
  /** All that exist now, by domid. */
  list(): readonly DomainInfo[];
  /** Calls `listener` when the list is another one than before; returns how to stop. */
  onChange(listener: () => void): () => void;
}

/** The domains of a world, as one sees them who only looks. */
export function domainsOf(world: Pick<WorldControl, 'domains' | 'onChange'>): Domains {
  const list = (): DomainInfo[] =>
    world.domains().flatMap(({ domid, name, state, reason }) =>
      // What could be started is not there.
      domid === undefined || state === 'absent' ? [] : [{ domid, name, state, reason }],
    );
  return {
    list,
    onChange(listener) {
      let before = JSON.stringify(list());
      return world.onChange(() => {
        const now = JSON.stringify(list());
        if (now === before) return;
        before = now;
        listener();
      });
    },
  };
}
