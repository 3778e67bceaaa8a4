/** What passed, as it is shown: bounded, the oldest dropped first, and told. */
import type { Way } from './words';

export interface LogEntry {
  readonly kind: Way;
  readonly timeMs: number;
  readonly bytes: Uint8Array;
  /** Of a longer piece only its end is kept: so many bytes before it are not. */
  readonly cutBytes: number;
  /** So many of the first bytes of the whole piece may have been others. */
  readonly doubtfulBytes: number;
}

export interface LogNote {
  readonly kind: 'note';
  readonly timeMs: number;
  readonly text: string;
}

/** A thousand lines of a dump: more of it nobody reads, and the page has to draw it. */
export const maxLogBytes = 16 * 1024;
export const maxLogEntries = 500;

export class Log {
  private readonly list: (LogEntry | LogNote)[] = [];
  private keptBytes = 0;
  /** Bytes that passed and are not shown any more. */
  droppedBytes = 0;

  get entries(): readonly (LogEntry | LogNote)[] {
    return this.list;
  }

  /** Answers what it became, and how many of the first entries went for it. */
  add(
    kind: Way,
    bytes: Uint8Array,
    timeMs: number,
    doubtfulBytes = 0,
  ): { readonly entry: LogEntry; readonly gone: number } {
    const cutBytes = Math.max(0, bytes.length - maxLogBytes);
    const entry: LogEntry = { kind, timeMs, bytes: bytes.slice(cutBytes), cutBytes, doubtfulBytes };
    this.droppedBytes += cutBytes;
    this.keptBytes += entry.bytes.length;
    this.list.push(entry);
    return { entry, gone: this.trim() };
  }

  note(text: string, timeMs: number): { readonly entry: LogNote; readonly gone: number } {
    const entry: LogNote = { kind: 'note', timeMs, text };
    this.list.push(entry);
    return { entry, gone: this.trim() };
  }

  clear(): void {
    this.list.length = 0;
    this.keptBytes = 0;
    this.droppedBytes = 0;
  }

  private trim(): number {
    let gone = 0;
    while (this.list.length > 1 && (this.keptBytes > maxLogBytes || this.list.length > maxLogEntries)) {
      const oldest = this.list.shift()!;
      gone++;
      if (oldest.kind === 'note') continue;
      this.keptBytes -= oldest.bytes.length;
      this.droppedBytes += oldest.bytes.length;
    }
    return gone;
  }
}

const bytesPerLine = 16;

/** Lines of `offset  hex  text`, the two side by side. */
export function dumpLines({ bytes, cutBytes }: Pick<LogEntry, 'bytes' | 'cutBytes'>): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += bytesPerLine) {
    const part = bytes.subarray(at, at + bytesPerLine);
    const pairs = Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const offset = (cutBytes + at).toString(16).padStart(4, '0');
    lines.push(`${offset}  ${pairs.padEnd(bytesPerLine * 3 - 1)}  ${readable(part)}`);
  }
  return lines;
}

/** What can be printed, one character for each byte. */
export function readable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join(
    '',
  );
}
