/** `xenscope serve --owner` in a process of its own, in front of some xenstored. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export class RootServerProcess {
  private child: ChildProcess | undefined;

  constructor(
    private readonly serverScript: string,
    readonly socketPath: string,
    private readonly xenstored: string,
    private readonly env: NodeJS.ProcessEnv = {},
  ) {}

  async start(): Promise<void> {
    const args = [this.serverScript, 'serve', '--owner', 'root', '--socket', this.socketPath];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...this.env, XENSTORED_PATH: this.xenstored },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('SOCKET=')) break;
    }
    if (child.exitCode !== null) throw new Error(`xenscope serve ended with status ${child.exitCode}`);
    child.stdout.resume();
  }

  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}
