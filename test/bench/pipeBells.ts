/**
 * Event channels between two processes, as two named pipes in a folder: `doorbell` carries rings at
 * the server, `rung` those at the guests, each as four bytes with the server's number of the port.
 * The same that Debian's daemons have through interop/daemons/withoutXen.c.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';
import type { EventPort } from '../../server/host/events';

const readBytes = 16 * 1024;

export function makePipe(folder: string, name: 'doorbell' | 'rung'): void {
  const file = path.join(folder, name);
  if (!existsSync(file)) execFileSync('mkfifo', ['-m', '600', file]);
}

/** One side's ends of all its event channels. */
export class PipeBells {
  readonly #bells = new Map<number, PipeBell>();
  readonly #writeFd: number;
  readonly #hearing: Socket;

  constructor(folder: string, side: 'server' | 'guest') {
    const [hears, rings] = side === 'server' ? ['doorbell', 'rung'] : ['rung', 'doorbell'];
    // Open for both directions, so that a pipe never ends while nobody rings.
    const open = (name: string) => openSync(path.join(folder, name), constants.O_RDWR | constants.O_NONBLOCK);
    this.#writeFd = open(rings!);
    const buffer = Buffer.alloc(readBytes);
    const options = {
      fd: open(hears!),
      readable: true,
      writable: false,
      onread: { buffer, callback: (length: number) => this.#heard(buffer.subarray(0, length)) },
    };
    this.#hearing = new Socket(options);
    this.#hearing.resume();
  }

  bind(port: number): EventPort {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(port);
    const bell = new PipeBell(
      port,
      () => ring(this.#writeFd, word),
      () => this.#bells.delete(port),
    );
    this.#bells.set(port, bell);
    return bell;
  }

  close(): void {
    this.#hearing.destroy();
    closeSync(this.#writeFd);
  }

  /** All that rang until now, each port once: an event channel carries no count. */
  #heard(words: Buffer): boolean {
    const rung = new Set<PipeBell>();
    for (let at = 0; at + 4 <= words.length; at += 4) {
      const bell = this.#bells.get(words.readUInt32LE(at));
      if (bell) rung.add(bell);
    }
    for (const bell of rung) bell.hear();
    return true;
  }
}

function ring(fd: number, word: Buffer): void {
  try {
    writeSync(fd, word);
  } catch (error) {
    // A pipe that is full already holds a ring that nobody has heard yet.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
}

class PipeBell implements EventPort {
  onEvent: (() => void) | undefined;
  #isMasked = false;
  #isPending = false;

  constructor(
    readonly port: number,
    readonly notify: () => void,
    readonly close: () => void,
  ) {}

  hear(): void {
    this.#isPending = true;
    this.#look();
  }

  unmask(): void {
    this.#isMasked = false;
    // Never within the call of whoever unmasks.
    if (this.#isPending) queueMicrotask(() => this.#look());
  }

  #look(): void {
    if (!this.#isPending || this.#isMasked || !this.onEvent) return;
    this.#isPending = false;
    this.#isMasked = true;
    this.onEvent();
  }
}
