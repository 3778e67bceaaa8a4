/** Programs of this machine in the editor's simulator, started as a person starts them: `xenscope run`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { eventually } from './eventually';

export class JoinedProgram {
  #printed = '';
  #isOver = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly what: string,
  ) {
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (bytes: Buffer) => (this.#printed += bytes.toString('latin1')));
    // Whoever ends first: an order to a program that is gone is lost, and the test sees why.
    child.stdin!.on('error', () => undefined);
    void once(child, 'close').then(() => (this.#isOver = true));
  }

  get printed(): string {
    return this.#printed;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  tell(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  async until(text: RegExp): Promise<RegExpExecArray> {
    return eventually(`${this.what} prints ${text.source}`, () => text.exec(this.#printed) ?? undefined);
  }

  async ended(): Promise<void> {
    await eventually(`${this.what} ends`, () => this.#isOver);
  }

  async end(): Promise<void> {
    if (this.#isOver) return;
    // `xenscope run` passes it on.
    this.child.kill('SIGTERM');
    await this.ended();
  }

  /** `world` is the folder of its sockets. */
  static start(serverScript: string, world: string, domain: string, ...command: string[]): JoinedProgram {
    const args = [serverScript, 'run', '--world', world, '--domain', domain, '--', ...command];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    return new JoinedProgram(child, `${path.basename(command[0]!)} in ${domain}`);
  }
}
