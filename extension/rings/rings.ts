/** The rings of the host that is shown, as the server tells of them while somebody looks. */
import type { ApiNotifications, RingChange, RingRow } from '../../server/rpc/api';
import { HostRows, type HostRowsChange } from '../hostRows';
import type { Server } from '../hosts';
import { Signal } from '../signal';

/** Ten a second: what an eye follows in a row of text. */
export const listIntervalMs = 100;

const kindOrder: Readonly<Record<RingRow['kind'], number>> = { xenstore: 0, vchan: 1, console: 2, device: 3 };

export type RingsChange = HostRowsChange<RingRow>;

export class Rings extends HostRows<RingRow> {
  private readonly frames = new Signal<ApiNotifications['xenscope/ringFrame']>();
  private readonly ends = new Signal<ApiNotifications['xenscope/ringGone']>();
  private readonly steps = new Signal<ApiNotifications['xenscope/reconnectStep']>();

  /** For the panels: each knows its own `viewId` or `serial`. */
  readonly onFrame = this.frames.event;
  readonly onGone = this.ends.event;
  readonly onReconnectStep = this.steps.event;

  constructor(server: Server, report: (error: unknown) => void) {
    super(server, report);
    // All at once and at the beginning: the connection hears only of names that were asked for when it starts.
    server.on('xenscope/ringsFrame', ({ rings, changes, ...news }) =>
      this.take({ ...news, rows: rings }, (known) => changed(known, changes)),
    );
    server.on('xenscope/ringFrame', (frame) => this.frames.fire(frame));
    server.on('xenscope/ringGone', (gone) => this.ends.fire(gone));
    server.on('xenscope/reconnectStep', (step) => this.steps.fire(step));
  }

  protected start(host: string): Promise<unknown> {
    return this.server.request('xenscope/rings', { host, intervalMs: listIntervalMs });
  }

  protected stop(host: string): Promise<unknown> {
    return this.server.request('xenscope/ringsStop', { host });
  }

  /** In order of domid; the xenstore ring of a domain first, its devices last and as the server has them. */
  protected compare(one: RingRow, other: RingRow): number {
    return one.domid - other.domid || kindOrder[one.kind] - kindOrder[other.kind];
  }
}

function changed(known: ReadonlyMap<string, RingRow>, changes: readonly RingChange[]): RingRow[] {
  return changes.flatMap((change) => {
    const row = known.get(change.id);
    return row ? [withChange(row, change)] : [];
  });
}

function withChange(row: RingRow, { directions, slots, verdict }: RingChange): RingRow {
  return {
    ...row,
    ...(row.slots && { slots: { ...row.slots, ...slots } }),
    directions: row.directions.map((direction, at) => ({ ...direction, ...directions?.[at] })),
    verdict: verdict ?? row.verdict,
  };
}
