/** The event channels of a daemon that runs on withoutXen.c, from the other side. */
import { closeSync, existsSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';

export class DaemonDoorbell {
  readonly #dir: string;
  readonly #pipe: number;
  readonly #counters: number;

  /** The daemon listens at its socket a moment before it has its doorbell. */
  static async open(dir: string): Promise<DaemonDoorbell> {
    const files = ['doorbell', 'notified'].map((name) => path.join(dir, name));
    while (!files.every((file) => existsSync(file))) await new Promise((resolve) => setTimeout(resolve, 1));
    return new DaemonDoorbell(dir);
  }

  private constructor(dir: string) {
    this.#dir = dir;
    this.#pipe = openSync(path.join(dir, 'doorbell'), 'r+');
    this.#counters = openSync(path.join(dir, 'notified'), 'r');
  }

  /** Rings at the daemon on one of its ports. */
  ring(port: number): void {
    writeSync(this.#pipe, wordOf(port));
  }

  /** Rings on the port on which the daemon listens to a domain. */
  ringFrom(domid: number): void {
    this.ring(this.#portOf(domid));
  }

  /** How often the daemon rang at a domain on the port that it has bound last. */
  rungAt(domid: number): number {
    const counter = Buffer.alloc(4);
    readSync(this.#counters, counter, 0, 4, 4 * this.#portOf(domid));
    return counter.readUInt32LE(0);
  }

  close(): void {
    closeSync(this.#pipe);
    closeSync(this.#counters);
  }

  #portOf(domid: number): number {
    const lines = readFileSync(path.join(this.#dir, 'ports'), 'utf8').trimEnd().split('\n');
    const bound = lines.map((line) => line.split(' ').map(Number)).filter(([, boundTo]) => boundTo === domid);
    return bound.at(-1)![0]!;
  }
}

function wordOf(value: number): Buffer {
  const word = Buffer.alloc(4);
  word.writeUInt32LE(value);
  return word;
}
