/** What the ring doctor found, for the Problems panel, and which of it is worth a notification. */
import type { RingFinding } from '../../server/rpc/api';
import type { Server } from '../hosts';
import { Signal } from '../signal';

/** Notifications within this time are held back and told as one when it ends: one storm is one message. */
export const quietMs = 20_000;
/** What comes and goes is told once, and again only after it was away for so long. */
export const rememberedMs = 5 * 60_000;
/** The one that was seen longest ago is forgotten first. */
export const maxRemembered = 1_000;

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
  /** When each finding that was told was last seen, the oldest first. */
  private readonly seenMs = new Map<string, number>();

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
      // Another server, another world: nothing in it was told of.
      this.seenMs.clear();
    });
  }

  of(host: string): readonly RingFinding[] {
    return this.byHost.get(host) ?? [];
  }

  /** The server tells all findings again every few seconds while there are any: what was held back is not lost. */
  private take(host: string, findings: readonly RingFinding[]): void {
    this.byHost.set(host, findings);
    this.changes.fire(host);
    const errors = findings.filter(({ severity }) => severity === 'error');
    const keyOf = ({ id }: RingFinding) => `${host} ${id}`;
    this.forgetOld();
    const fresh = errors.filter((finding) => !this.seenMs.has(keyOf(finding)));
    for (const finding of errors) if (!fresh.includes(finding)) this.remember(keyOf(finding));
    const [finding] = fresh;
    if (!finding || this.nowMs() - this.toldMs < quietMs) return;
    this.toldMs = this.nowMs();
    for (const one of fresh) this.remember(keyOf(one));
    this.serious.fire({ host, finding, others: fresh.length - 1 });
  }

  private remember(key: string): void {
    this.seenMs.delete(key);
    this.seenMs.set(key, this.nowMs());
  }

  private forgetOld(): void {
    for (const [key, seenMs] of this.seenMs) {
      if (this.seenMs.size <= maxRemembered && this.nowMs() - seenMs < rememberedMs) return;
      this.seenMs.delete(key);
    }
  }
}
