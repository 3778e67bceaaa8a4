/** This very process as domains of a world: our own native code over the libraries for joined programs. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import { joinWorld } from '../../../server/cli/joinWorld';
import type { Joining } from '../../../server/cli/joinWorld';
import { Program, buildLibraries } from './kit';

export class JoinedProcess {
  readonly #world: ChildProcess;
  readonly #joinings: readonly Joining[];
  readonly #programs = new Set<Program>();

  private constructor(
    world: ChildProcess,
    readonly socketPath: string,
    readonly libraries: XenLibraries,
    joinings: readonly Joining[],
    /** Where our libraries lie. */
    readonly folder: string,
  ) {
    this.#world = world;
    this.#joinings = joinings;
  }

  /** One domain for each name. */
  static async open(...names: readonly string[]): Promise<JoinedProcess> {
    const folder = await buildLibraries();
    const world = spawn(process.execPath, ['--import', 'tsx', path.join(__dirname, 'worldProcess.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [socketPath] = (await once(createInterface({ input: world.stdout! }), 'line')) as [string];
    const joinings: Joining[] = [];
    for (const name of names) joinings.push(await joinWorld(socketPath, name));
    return new JoinedProcess(
      world,
      socketPath,
      new XenLibraries({ folders: [folder], env: {} }),
      joinings,
      folder,
    );
  }

  get domids(): readonly number[] {
    return this.#joinings.map(({ domid }) => domid);
  }

  /** The libraries read the environment whenever a device is opened. */
  readonly become = (domid: number): void => {
    Object.assign(process.env, this.#variablesOf(domid));
  };

  /** Where the programs of that domain reach the store. */
  storeSocketPath(domid: number): string {
    return this.#joinings.find((joining) => joining.domid === domid)!.storeSocketPath;
  }

  /** Starts a program of C in one of the domains. */
  start(domid: number, program: string, ...args: readonly (string | number)[]): Program {
    const env = { ...process.env, LC_ALL: 'C', LD_LIBRARY_PATH: this.folder, ...this.#variablesOf(domid) };
    const started = new Program(spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'], env }));
    this.#programs.add(started);
    void started.ended.then(() => this.#programs.delete(started));
    return started;
  }

  #variablesOf(domid: number): Record<string, string> {
    return {
      XENSCOPE_GUEST_SOCKET: this.socketPath,
      XENSCOPE_DOMID: String(domid),
      XENSTORED_PATH: this.storeSocketPath(domid),
    };
  }

  /** As its toolstack would do it on a Xen host; the programs in it are told. */
  destroy(domid: number): void {
    this.#world.stdin!.write(`${domid}\n`);
  }

  async close(): Promise<void> {
    for (const name of ['XENSCOPE_GUEST_SOCKET', 'XENSCOPE_DOMID', 'XENSTORED_PATH'])
      Reflect.deleteProperty(process.env, name);
    for (const { child, ended } of [...this.#programs]) {
      child.kill('SIGKILL');
      await ended;
    }
    const ended = once(this.#world, 'close');
    for (const joining of this.#joinings) joining.leave();
    this.#world.stdin!.end();
    await ended;
  }
}
