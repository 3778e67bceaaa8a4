/** What was sent, over all sessions of a panel: bounded, the oldest forgotten first. */
import type { ComposerEntry } from '../../server/rpc/api';

export interface HistoryLine {
  /** Counts the sessions of the panel: each numbers its lines from 1. */
  readonly session: number;
  readonly entry: ComposerEntry;
}

export const maxHistoryLines = 200;

export function lineKey({ session, entry }: HistoryLine): string {
  return `${session}:${entry.number}`;
}

export class History {
  private list: HistoryLine[];
  /** So many of the panel's were forgotten. */
  forgotten = 0;

  constructor(kept: readonly HistoryLine[] = []) {
    this.list = kept.slice(-maxHistoryLines);
  }

  /** Oldest first. */
  get lines(): readonly HistoryLine[] {
    return this.list;
  }

  /** Of the session under way, or the last one. */
  get lastSession(): number {
    return this.list.at(-1)?.session ?? 0;
  }

  /** Lines that are new, or have changed. */
  take(session: number, entries: readonly ComposerEntry[]): void {
    for (const entry of entries) {
      const at = this.list.findLastIndex(
        (one) => one.session === session && one.entry.number <= entry.number,
      );
      if (this.list[at]?.session === session && this.list[at].entry.number === entry.number) {
        this.list[at] = { session, entry };
      } else if (at >= 0) this.list.splice(at + 1, 0, { session, entry });
      // The first of its session, or older than all of it that are left.
      else if (this.lastSession < session) this.list.push({ session, entry });
    }
    const over = this.list.length - maxHistoryLines;
    if (over <= 0) return;
    this.list.splice(0, over);
    this.forgotten += over;
  }

  /** Whether `clear` would forget anything. */
  get canClear(): boolean {
    return this.list.some(({ entry }) => !isUnderWay(entry));
  }

  /** What is under way stays: its answer is still to come. */
  clear(): void {
    this.list = this.list.filter(({ entry }) => isUnderWay(entry));
    this.forgotten = 0;
  }

  find(key: string): HistoryLine | undefined {
    return this.list.find((line) => lineKey(line) === key);
  }

  /** A session is over: what was still under way in it will never be answered here. */
  end(session: number, text: string): void {
    this.list = this.list.map((line) =>
      line.session === session && isUnderWay(line.entry)
        ? { session, entry: { ...line.entry, phase: 'gone', text, severity: 'warning' } }
        : line,
    );
  }
}

function isUnderWay({ phase }: ComposerEntry): boolean {
  return phase === 'waiting' || phase === 'sent';
}
