/** The changes of this window that can be taken back, the last one first, for each host. */
import type { ActResult } from '../server/rpc/api';
import { Signal } from './signal';

const maxPerHost = 50;

export interface Undoable {
  readonly undoId: number;
  readonly text: string;
}

export class UndoStack {
  private readonly byHost = new Map<string, Undoable[]>();
  private readonly changed = new Signal<void>();

  readonly onChange = this.changed.event;

  push(host: string, { text, undoId }: ActResult): void {
    if (undoId === undefined) return;
    const stack = [...(this.byHost.get(host) ?? []), { undoId, text }].slice(-maxPerHost);
    this.byHost.set(host, stack);
    this.changed.fire();
  }

  last(host: string): Undoable | undefined {
    return this.byHost.get(host)?.at(-1);
  }

  drop(host: string, undoId: number): void {
    this.byHost.set(
      host,
      (this.byHost.get(host) ?? []).filter((entry) => entry.undoId !== undoId),
    );
    this.changed.fire();
  }

  /** Another server knows nothing of what was done before. */
  clear(): void {
    this.byHost.clear();
    this.changed.fire();
  }
}
