/**
 * What passes through a console, into a file: a log of both directions, or the bytes of one as they are. A file
 * system may be slower than a ring: from some bytes on that wait for it the other side shall wait, and
 * beyond the most of them what comes is dropped, counted, and said.
 */
import { type WriteStream, createWriteStream } from 'node:fs';
import { hexLines } from '../fileSystem/hexDump';
import { countOf } from '../values';

/** As they are called in the log: of an end of ours, or of a vchan between others. */
export type Way = 'sent' | 'received' | 'left' | 'right';

export type RecordFormat = { readonly kind: 'log' } | { readonly kind: 'raw'; readonly way: Way };

export interface RecordListener {
  failed(error: Error): void;
  /** The file is behind, or has caught up. */
  behind(isBehind: boolean): void;
}

export const behindBytes = 4 * 1024 * 1024;
export const maxWaitingBytes = 16 * 1024 * 1024;

export class Recording {
  /** Not in the file: they came faster than it could be written. */
  droppedBytes = 0;
  private untoldBytes = 0;
  private isBehind = false;
  private readonly stream: WriteStream;

  constructor(
    readonly file: string,
    private readonly format: RecordFormat,
    private readonly listener: RecordListener,
  ) {
    // What passes may be secret, as what the flight recorder writes.
    this.stream = createWriteStream(file, { mode: 0o600 });
    this.stream.on('error', (error) => listener.failed(error));
    this.stream.on('drain', () => this.tellBehind(false));
  }

  add(way: Way, bytes: Uint8Array, timeMs: number): void {
    const { format } = this;
    if (format.kind === 'raw' && way !== format.way) return;
    if (this.stream.writableLength + bytes.length > maxWaitingBytes) {
      this.droppedBytes += bytes.length;
      this.untoldBytes += bytes.length;
      return;
    }
    this.tellDropped(timeMs);
    this.write(format.kind === 'raw' ? bytes : logText(way, bytes, timeMs));
  }

  /** Of what is no byte: where it was opened, how it ended. */
  note(text: string, timeMs: number): void {
    if (this.format.kind === 'log') this.write(`# ${new Date(timeMs).toISOString()} ${text}\n`);
  }

  /** Resolves when all is in the file, or never will be. */
  end(timeMs: number): Promise<void> {
    this.tellDropped(timeMs);
    return new Promise((resolve) => {
      this.stream.once('close', resolve);
      if (this.stream.closed) resolve();
      else this.stream.end();
    });
  }

  private write(data: string | Uint8Array): void {
    this.stream.write(data);
    if (this.stream.writableLength >= behindBytes) this.tellBehind(true);
  }

  private tellBehind(isBehind: boolean): void {
    if (isBehind === this.isBehind) return;
    this.isBehind = isBehind;
    this.listener.behind(isBehind);
  }

  private tellDropped(timeMs: number): void {
    if (this.untoldBytes === 0) return;
    const bytes = this.untoldBytes;
    this.untoldBytes = 0;
    this.note(
      `missing here: ${countOf(bytes, 'byte')}, because the file could not be written as fast`,
      timeMs,
    );
  }
}

/** A line of what it is, then offsets, pairs of digits and characters. */
export function logText(way: Way, bytes: Uint8Array, timeMs: number): string {
  const head = `# ${new Date(timeMs).toISOString()} ${way} ${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}`;
  return `${[head, ...hexLines(bytes)].join('\n')}\n`;
}
