/** Debian's xenstore tools, run as a person would run them in a shell. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);

export class XenstoreShell {
  constructor(private readonly socketPath: string) {}

  /** e.g. `run('write', '/a', 'b')`; resolves to what it prints, without the last line end. */
  async run(tool: string, ...args: string[]): Promise<string> {
    const { stdout } = await exec(`xenstore-${tool}`, args, {
      env: { PATH: process.env['PATH'], XENSTORED_PATH: this.socketPath },
      timeout: 30_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout.replace(/\n$/, '');
  }

  read(path: string): Promise<string> {
    return this.run('read', path);
  }

  async write(path: string, value: string): Promise<void> {
    await this.run('write', path, value);
  }

  async exists(path: string): Promise<boolean> {
    return this.run('exists', path).then(
      () => true,
      () => false,
    );
  }
}
