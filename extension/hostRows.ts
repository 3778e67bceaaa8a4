/**
 * Rows of hosts, such as their rings or their devices, as the server tells of them while somebody looks: all at first,
 * then what came, changed and went. Knows what changed, so that a view draws no more than that.
 */
import type { Server } from './hosts';
import { Signal } from './signal';

export interface HostRowsChange<Row> {
  readonly host: string;
  /** Rows came or went, or all are told anew; rows that are not named may have changed as well then. */
  readonly structure: boolean;
  readonly changed: readonly Row[];
}

/** What the server told. */
export interface HostRowsNews<Row> {
  readonly host: string;
  /** Forget what was known before. */
  readonly whole: boolean;
  /** New ones, and those that are told again as a whole. */
  readonly rows: readonly Row[];
  readonly gone: readonly string[];
  /** Rows beyond what the server follows. */
  readonly leftOut: number;
}

export abstract class HostRows<Row extends { readonly id: string }> {
  private readonly byHost = new Map<string, Map<string, Row>>();
  private readonly leftOutByHost = new Map<string, number>();
  private readonly changes = new Signal<HostRowsChange<Row>>();
  private followed: string | undefined;

  readonly onChange = this.changes.event;

  constructor(
    protected readonly server: Server,
    private readonly report: (error: unknown) => void,
  ) {
    server.onState(({ kind }) => {
      if (kind !== 'running') this.clear();
    });
  }

  /** Asks the server to tell of a host, and to tell no more. */
  protected abstract start(host: string): Promise<unknown>;
  protected abstract stop(host: string): Promise<unknown>;
  /** In which order they are shown; as the server has them where it does not matter. */
  protected abstract compare(one: Row, other: Row): number;

  list(host: string): readonly Row[] {
    return [...(this.byHost.get(host)?.values() ?? [])].sort((one, other) => this.compare(one, other));
  }

  find(host: string, id: string): Row | undefined {
    return this.byHost.get(host)?.get(id);
  }

  /** The row once it is there; undefined when the time is over. Somebody has to follow the host. */
  whenThere(host: string, id: string, timeoutMs: number): Promise<Row | undefined> {
    return new Promise((resolve) => {
      const look = () => {
        const row = this.find(host, id);
        if (row) settle(row);
      };
      const settle = (row: Row | undefined) => {
        clearTimeout(timer);
        subscription.dispose();
        resolve(row);
      };
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      const subscription = this.onChange(look);
      look();
    });
  }

  /** Whether the server has told of this host since it is followed. */
  isKnown(host: string): boolean {
    return this.byHost.has(host);
  }

  leftOut(host: string): number {
    return this.leftOutByHost.get(host) ?? 0;
  }

  /** Follows one host and no other; undefined: nobody looks. */
  follow(host: string | undefined): void {
    const before = this.followed;
    this.followed = host;
    if (this.server.state.kind !== 'running') return;
    if (before !== undefined && before !== host) this.stop(before).catch(this.report);
    if (host !== undefined) this.start(host).catch(this.report);
  }

  /** `changedOf` answers what became of rows that are known: they are told by what changed in them. */
  protected take(
    { host, whole, rows, gone, leftOut }: HostRowsNews<Row>,
    changedOf: (known: ReadonlyMap<string, Row>) => readonly Row[] = () => [],
  ): void {
    const before = this.byHost.get(host);
    const known = whole || !before ? new Map<string, Row>() : before;
    let structure = known !== before || gone.length > 0 || this.leftOut(host) !== leftOut;
    for (const row of rows) {
      structure ||= !known.has(row.id);
      known.set(row.id, row);
    }
    const changed = changedOf(known);
    for (const row of changed) known.set(row.id, row);
    for (const id of gone) known.delete(id);
    this.byHost.set(host, known);
    this.leftOutByHost.set(host, leftOut);
    this.changes.fire({ host, structure, changed: [...rows, ...changed] });
  }

  private clear(): void {
    const hosts = [...this.byHost.keys()];
    this.byHost.clear();
    this.leftOutByHost.clear();
    for (const host of hosts) this.changes.fire({ host, structure: true, changed: [] });
  }
}
