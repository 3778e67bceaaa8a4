/** Real programs in a world of this process: compiled once, started as part of a domain. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { joinWorld } from '../../../server/cli/joinWorld';
import type { Joining } from '../../../server/cli/joinWorld';
import { systemClock } from '../../../server/cli/systemClock';
import { createWorld } from '../../../server/sim/world';
import type { World, WorldOptions } from '../../../server/sim/world';
import { openFilePages } from '../../../native/pages';

const root = path.resolve(__dirname, '../../..');

let libraries: string | undefined;

/** Our libraries, built from the sources for this run. */
export async function buildLibraries(): Promise<string> {
  if (libraries) return libraries;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'xensim-libraries-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { buildXensim } = (await import(path.join(root, 'scripts/lib/xensim.mjs'))) as {
    buildXensim(folder: string): string | undefined;
  };
  const without = buildXensim(folder);
  if (without) throw new Error(without);
  return (libraries = folder);
}

/** By what they are made of. */
const compiled = new Map<string, string>();

/** Compiles a program of this folder against Xen's own headers and Debian's libraries, once for a run. */
export function compile(source: string, ...link: readonly string[]): string {
  const key = [source, ...link].join(' ');
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'xensim-program-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const program = path.join(folder, path.basename(source, '.c'));
  const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O1'];
  const args = [...flags, path.join(__dirname, source), '-o', program, ...link.map((name) => `-l${name}`)];
  const { status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${source} does not compile:\n${stderr}`);
  compiled.set(key, program);
  return program;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Program {
  stdout = '';
  stderr = '';
  #wake: () => void = () => undefined;
  readonly ended: Promise<Outcome>;

  constructor(readonly child: ChildProcess) {
    child.stdout!.on('data', (bytes: Buffer) => {
      this.stdout += bytes.toString('latin1');
      this.#wake();
    });
    child.stderr!.on('data', (bytes: Buffer) => (this.stderr += bytes.toString('latin1')));
    this.ended = once(child, 'close').then(([code, signal]) => {
      this.#wake();
      const { stdout, stderr } = this;
      return { code, signal, stdout, stderr } as Outcome;
    });
  }

  get isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves when it has printed that; rejects when it ends before. */
  async printed(text: string): Promise<void> {
    while (!this.stdout.includes(text)) {
      if (this.isOver) throw new Error(`it ended without "${text}":\n${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** What it printed, when it ends well. */
  async output(): Promise<string> {
    const { code, signal, stdout, stderr } = await this.ended;
    if (code !== 0) throw new Error(`it ended with ${code ?? signal}:\n${stdout}${stderr}`);
    return stdout;
  }
}

export class ProgramWorld {
  readonly #folder: string;
  readonly #programs = new Set<Program>();
  readonly #joined = new Map<string, Joining>();
  readonly socketPath: string;
  world!: World;
  #libraries = '';

  private constructor() {
    this.#folder = mkdtempSync(path.join(os.tmpdir(), 'xensim-'));
    this.socketPath = path.join(this.#folder, 'guests');
  }

  static async open(options: Partial<WorldOptions> = {}): Promise<ProgramWorld> {
    const opened = new ProgramWorld();
    opened.#libraries = await buildLibraries();
    opened.world = await createWorld({
      seed: 1,
      pace: 0,
      clock: systemClock,
      domains: [],
      pages: openFilePages(),
      guestSocketPath: opened.socketPath,
      ...options,
    });
    return opened;
  }

  /** Keeps the domain until the world closes, so that several programs can follow each other in it. */
  async domain(name: string): Promise<number> {
    let joining = this.#joined.get(name);
    if (!joining) this.#joined.set(name, (joining = await joinWorld(this.socketPath, name)));
    return joining.domid;
  }

  /** What makes a program part of that domain. */
  async environment(name: string): Promise<NodeJS.ProcessEnv> {
    await this.domain(name);
    const { domid, storeSocketPath } = this.#joined.get(name)!;
    return {
      ...process.env,
      LC_ALL: 'C',
      LD_LIBRARY_PATH: this.#libraries,
      XENSTORED_PATH: storeSocketPath,
      XENSCOPE_GUEST_SOCKET: this.socketPath,
      XENSCOPE_DOMID: String(domid),
    };
  }

  async start(name: string, program: string, ...args: readonly (string | number)[]): Promise<Program> {
    const env = await this.environment(name);
    const child = spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'], env });
    const started = new Program(child);
    this.#programs.add(started);
    void started.ended.then(() => this.#programs.delete(started));
    return started;
  }

  async close(): Promise<void> {
    for (const { child, ended } of [...this.#programs]) {
      child.kill('SIGKILL');
      await ended;
    }
    await this.world.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Waits in turns of a millisecond; the test's own time limit ends a wait in vain. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** A socket is there a moment before anybody listens on it. */
export async function dialPatiently(path: string): Promise<Socket> {
  for (;;) {
    const socket = connect(path);
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return socket.on('error', () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
