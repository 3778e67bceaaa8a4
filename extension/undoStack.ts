/** The changes of this window that can be taken back, the last one first, for each host. */
import type { ActResult } from '../server/rpc/api';
import { failureOf } from './errors';
import { Signal } from './signal';

const maxPerHost = 50;

export interface Undoable {
  readonly undoId: number;
  readonly text: string;
}

/** Which change of which host. */
export interface UndoTarget {
  readonly host: string;
  readonly undoId: number;
}

export class UndoStack {
  private readonly byHost = new Map<string, Undoable[]>();
  /** Being taken back at this moment: a second press of the key means the change before. */
  private readonly underWay = new Set<Undoable>();
  private readonly changed = new Signal<void>();

  readonly onChange = this.changed.event;

  push(host: string, { text, undoId }: ActResult): void {
    if (undoId === undefined) return;
    const stack = [...(this.byHost.get(host) ?? []), { undoId, text }].slice(-maxPerHost);
    this.byHost.set(host, stack);
    this.changed.fire();
  }

  last(host: string): Undoable | undefined {
    return this.byHost.get(host)?.findLast((entry) => !this.underWay.has(entry));
  }

  /**
   * Takes a change back with `undo`. It is forgotten when that succeeded, or when the server refuses
   * for good; after a failure that may pass, such as a host that is away, it can be tried again.
   */
  async takeBack<T>({ host, undoId }: UndoTarget, undo: () => Promise<T>): Promise<T> {
    const entry = this.byHost.get(host)?.find((one) => one.undoId === undoId);
    if (entry) this.underWay.add(entry);
    try {
      const done = await undo();
      this.drop(host, undoId);
      return done;
    } catch (error) {
      if (failureOf(error).code === 'refused') this.drop(host, undoId);
      throw error;
    } finally {
      if (entry) this.underWay.delete(entry);
      this.changed.fire();
    }
  }

  drop(host: string, undoId: number): void {
    this.byHost.set(
      host,
      (this.byHost.get(host) ?? []).filter((entry) => entry.undoId !== undoId),
    );
    this.changed.fire();
  }

  /** The server forgets with the disconnecting, and counts anew: an old number would mean another change. */
  keep(isOpen: (host: string) => boolean): void {
    const closed = [...this.byHost.keys()].filter((host) => !isOpen(host));
    if (closed.length === 0) return;
    for (const host of closed) this.byHost.delete(host);
    this.changed.fire();
  }

  /** Another server knows nothing of what was done before. */
  clear(): void {
    this.byHost.clear();
    this.changed.fire();
  }
}

/** The change that a command was called for; undefined for the last one of the host that is shown. */
export function undoTargetIn(argument: unknown): UndoTarget | undefined {
  const { host, undoId } = (argument ?? {}) as Partial<UndoTarget>;
  return typeof host === 'string' && typeof undoId === 'number' ? { host, undoId } : undefined;
}

/** The command that takes back this change and no other, whichever host is shown when it is pressed. */
export function undoCommand({ host, undoId }: UndoTarget) {
  return { command: 'xenscope.undo', title: 'Undo', arguments: [{ host, undoId }] };
}
