/** A simulated host in a process of its own, as `xenscope serve` starts it: to be attached to, ended, and started again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export class SimulatorProcess {
  private child: ChildProcess | undefined;

  constructor(
    private readonly serverScript: string,
    readonly socketPath: string,
  ) {}

  async start(): Promise<void> {
    const args = [this.serverScript, 'serve', '--socket', this.socketPath, '--pace', '0'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child = child;
    for await (const line of createInterface({ input: child.stdout! })) {
      if (line.startsWith('XENSTORED_PATH=')) break;
    }
    if (child.exitCode !== null) throw new Error(`xenscope serve ended with status ${child.exitCode}`);
    child.stdout!.resume();
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
