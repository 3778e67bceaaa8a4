/** What passes on a vchan, into a file: a log of both directions, or the received bytes as they are. */
import { type WriteStream, createWriteStream } from 'node:fs';
import { hexLines } from '../fileSystem/hexDump';

export type RecordFormat = 'log' | 'raw';

export class VchanRecording {
  private readonly stream: WriteStream;

  constructor(
    readonly file: string,
    private readonly format: RecordFormat,
    onError: (error: Error) => void,
  ) {
    // What passes may be secret, as what the flight recorder writes.
    this.stream = createWriteStream(file, { mode: 0o600 });
    this.stream.on('error', onError);
  }

  add(way: 'sent' | 'received', bytes: Uint8Array, timeMs: number): void {
    if (this.format === 'log') this.stream.write(logText(way, bytes, timeMs));
    else if (way === 'received') this.stream.write(bytes);
  }

  /** Of what is no byte: where it was opened, how it ended. */
  note(text: string, timeMs: number): void {
    if (this.format === 'log') this.stream.write(`# ${new Date(timeMs).toISOString()} ${text}\n`);
  }

  /** Resolves when all is in the file, or never will be. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      this.stream.once('close', resolve);
      if (this.stream.closed) resolve();
      else this.stream.end();
    });
  }
}

/** A line of what it is, then offsets, pairs of digits and characters. */
export function logText(way: 'sent' | 'received', bytes: Uint8Array, timeMs: number): string {
  const head = `# ${new Date(timeMs).toISOString()} ${way} ${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}`;
  return `${[head, ...hexLines(bytes)].join('\n')}\n`;
}
