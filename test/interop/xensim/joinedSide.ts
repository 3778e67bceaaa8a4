/** A program of its own in a domain of a world, spoken to as the suite of every host wants it. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { librariesVariable } from '../../../native/libraries/xenLibraries';
import { joinWorld } from '../../../server/cli/joinWorld';
import type { Joining } from '../../../server/cli/joinWorld';
import { PolledLines } from '../../support/sides/polledLines';
import { awaitReady } from '../../support/sides/remoteSide';
import type { SideLink } from '../../support/sides/remoteSide';

export class JoinedSide implements SideLink {
  readonly #joining: Joining;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #input: number;
  readonly #lines: PolledLines;
  isGone = false;

  private constructor(joining: Joining, socketPath: string, libraries: string) {
    this.#joining = joining;
    this.#folder = mkdtempSync(path.join(os.tmpdir(), 'xensim-side-'));
    const place = (name: string) => path.join(this.#folder, name);
    // A pipe with a name can be written to without giving way, and a file can be read so.
    execFileSync('mkfifo', [place('input')]);
    this.#input = openSync(place('input'), 'r+');
    writeFileSync(place('output'), '');
    const [input, output] = [openSync(place('input'), 'r'), openSync(place('output'), 'a')];
    this.#child = spawn(process.execPath, ['--import', 'tsx', path.join(__dirname, 'sideProcess.ts')], {
      stdio: [input, output, 'inherit'],
      env: {
        ...process.env,
        [librariesVariable]: libraries,
        XENSCOPE_GUEST_SOCKET: socketPath,
        XENSCOPE_DOMID: String(joining.domid),
      },
    });
    closeSync(input);
    closeSync(output);
    this.#lines = new PolledLines(place('output'));
  }

  /** Joins the domain of that name, which is built if there is none. */
  static async start(socketPath: string, name: string, libraries: string): Promise<JoinedSide> {
    const side = new JoinedSide(await joinWorld(socketPath, name), socketPath, libraries);
    awaitReady(side);
    return side;
  }

  get domid(): number {
    return this.#joining.domid;
  }

  send(line: string): void {
    writeSync(this.#input, line);
  }

  nextLine(): string {
    return this.#lines.next(() => {
      if (this.#child.exitCode !== null) throw new Error('The program ended.');
    });
  }

  /** Its domain was told to end; as `xenscope run` does it, the program ends with it. */
  async gone(): Promise<void> {
    await this.#joining.ended;
    this.isGone = true;
    await this.#kill();
  }

  async close(): Promise<void> {
    if (!this.isGone) await this.#kill();
    this.#joining.leave();
    closeSync(this.#input);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #kill(): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
