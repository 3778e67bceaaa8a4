/**
 * The rings of the host that is shown, as the server tells of them while somebody looks. Knows
 * which of them changed, so that a view draws no more than that.
 */
import type { ApiNotifications, RingChange, RingRow } from '../../server/rpc/api';
import type { Server } from '../hosts';
import { Signal } from '../signal';

/** Ten a second: what an eye follows in a row of text. */
export const listIntervalMs = 100;

const kindOrder: Readonly<Record<RingRow['kind'], number>> = { xenstore: 0, vchan: 1, console: 2, device: 3 };

export interface RingsChange {
  readonly host: string;
  /** Rings came or went, or are in another order; undefined rows changed as well then. */
  readonly structure: boolean;
  readonly changed: readonly RingRow[];
}

export class Rings {
  private readonly byHost = new Map<string, Map<string, RingRow>>();
  private followed: string | undefined;
  private readonly changes = new Signal<RingsChange>();
  private readonly frames = new Signal<ApiNotifications['xenscope/ringFrame']>();
  private readonly ends = new Signal<ApiNotifications['xenscope/ringGone']>();
  private readonly steps = new Signal<ApiNotifications['xenscope/reconnectStep']>();
  private readonly leftOutByHost = new Map<string, number>();

  readonly onChange = this.changes.event;
  /** For the panels: each knows its own `viewId` or `serial`. */
  readonly onFrame = this.frames.event;
  readonly onGone = this.ends.event;
  readonly onReconnectStep = this.steps.event;

  constructor(
    private readonly server: Server,
    private readonly report: (error: unknown) => void,
  ) {
    // All at once and at the beginning: the connection hears only of names that were asked for when it starts.
    server.on('xenscope/ringsFrame', (frame) => this.take(frame));
    server.on('xenscope/ringFrame', (frame) => this.frames.fire(frame));
    server.on('xenscope/ringGone', (gone) => this.ends.fire(gone));
    server.on('xenscope/reconnectStep', (step) => this.steps.fire(step));
    server.onState(({ kind }) => {
      if (kind !== 'running') this.clear();
    });
  }

  /** In order of domid; the xenstore ring of a domain first, its devices last and as the server has them. */
  list(host: string): readonly RingRow[] {
    return [...(this.byHost.get(host)?.values() ?? [])].sort(
      (left, right) => left.domid - right.domid || kindOrder[left.kind] - kindOrder[right.kind],
    );
  }

  find(host: string, id: string): RingRow | undefined {
    return this.byHost.get(host)?.get(id);
  }

  /** Whether the server has told of this host's rings since it is followed. */
  isKnown(host: string): boolean {
    return this.byHost.has(host);
  }

  leftOut(host: string): number {
    return this.leftOutByHost.get(host) ?? 0;
  }

  /** Follows one host's rings and no other's; undefined: nobody looks. */
  follow(host: string | undefined): void {
    const before = this.followed;
    this.followed = host;
    if (before !== undefined && before !== host) this.ask('xenscope/ringsStop', before);
    if (host !== undefined) this.ask('xenscope/rings', host);
  }

  private ask(what: 'xenscope/rings' | 'xenscope/ringsStop', host: string): void {
    if (this.server.state.kind !== 'running') return;
    const asked =
      what === 'xenscope/rings'
        ? this.server.request(what, { host, intervalMs: listIntervalMs })
        : this.server.request(what, { host });
    asked.catch(this.report);
  }

  private take(frame: ApiNotifications['xenscope/ringsFrame']): void {
    const { host, whole, rings, changes, gone, leftOut } = frame;
    const before = this.byHost.get(host);
    const known = whole || !before ? new Map<string, RingRow>() : before;
    let structure = known !== before || gone.length > 0 || this.leftOut(host) !== leftOut;
    for (const ring of rings) {
      structure ||= !known.has(ring.id);
      known.set(ring.id, ring);
    }
    const changed = changes.flatMap((change) => {
      const row = known.get(change.id);
      return row ? [withChange(row, change)] : [];
    });
    for (const ring of changed) known.set(ring.id, ring);
    for (const id of gone) known.delete(id);
    this.byHost.set(host, known);
    this.leftOutByHost.set(host, leftOut);
    this.changes.fire({ host, structure, changed: [...rings, ...changed] });
  }

  private clear(): void {
    const hosts = [...this.byHost.keys()];
    this.byHost.clear();
    for (const host of hosts) this.changes.fire({ host, structure: true, changed: [] });
  }
}

function withChange(row: RingRow, { directions, slots, verdict }: RingChange): RingRow {
  return {
    ...row,
    ...(row.slots && { slots: { ...row.slots, ...slots } }),
    directions: row.directions.map((direction, at) => ({ ...direction, ...directions?.[at] })),
    verdict: verdict ?? row.verdict,
  };
}
