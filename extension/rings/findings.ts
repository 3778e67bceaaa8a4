/** What the ring doctor found, for the Problems panel, and which of it is worth a notification. */
import type { RingFinding } from '../../server/rpc/api';
import type { Server } from '../hosts';
import { Signal } from '../signal';

/** Notifications within this time are held back: one storm is one message. */
export const quietMs = 20_000;

export interface Serious {
  readonly host: string;
  readonly finding: RingFinding;
  /** Others that are as serious and new. */
  readonly others: number;
}

export class Findings {
  private readonly byHost = new Map<string, readonly RingFinding[]>();
  private readonly changes = new Signal<string>();
  private readonly serious = new Signal<Serious>();
  private toldMs = -Infinity;

  /** The findings of this host changed. */
  readonly onChange = this.changes.event;
  /** Something new is wrong that a person should hear of at once. */
  readonly onSerious = this.serious.event;

  constructor(
    server: Server,
    private readonly nowMs: () => number,
  ) {
    server.on('xenscope/findings', ({ host, findings }) => this.take(host, findings));
    server.onState(({ kind }) => {
      if (kind === 'running') return;
      for (const host of [...this.byHost.keys()]) this.take(host, []);
    });
  }

  of(host: string): readonly RingFinding[] {
    return this.byHost.get(host) ?? [];
  }

  private take(host: string, findings: readonly RingFinding[]): void {
    const known = new Set(this.of(host).map(({ id }) => id));
    this.byHost.set(host, findings);
    this.changes.fire(host);
    const fresh = findings.filter(({ id, severity }) => severity === 'error' && !known.has(id));
    const [finding] = fresh;
    if (!finding || this.nowMs() - this.toldMs < quietMs) return;
    this.toldMs = this.nowMs();
    this.serious.fire({ host, finding, others: fresh.length - 1 });
  }
}
