/** A world in a process of its own, and an editor's end of the connection to it: real requests, real JSON. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { apiVersion, type InitializeOptions } from '../../server/rpc/api';
import { atExit } from './atExit';
import { pin } from './options';

const host = 'simulator';
const shownIntervalMs = 1000 / 30;
const settings: InitializeOptions = { apiVersion, seed: 1, pace: 1, sockets: [], allowDomain0Edits: false };

export interface WorldCount {
  /** Requests of guests that were answered. */
  readonly requests: number;
  /** Processor time of the world's process. */
  readonly cpuUs: number;
}

export interface ShownWorldOptions {
  readonly bundle: string;
  readonly guests: number;
  readonly kind: 'still' | 'busy';
  /** Where the world runs; the editor's end and the load are somewhere else. */
  readonly processor: number;
  /** Keeps a processor profile of its life there. */
  readonly profileDir?: string;
}

export class ShownWorld {
  /** Frames of the rings that came to the editor. */
  frames = 0;
  readonly #forget: () => void;

  private constructor(
    readonly socketPath: string,
    private readonly child: ChildProcess,
    private readonly connection: MessageConnection,
    end: () => void,
  ) {
    this.#forget = atExit(end);
    connection.onNotification('xenscope/ringsFrame', () => {
      this.frames++;
    });
    connection.listen();
  }

  static async open(options: ShownWorldOptions): Promise<ShownWorld> {
    const { bundle, guests, kind, processor, profileDir } = options;
    const folder = mkdtempSync(path.join(os.tmpdir(), 'xenscope-bench-'));
    const socketPath = path.join(folder, 'socket');
    const profile = profileDir ? ['--cpu-prof', `--cpu-prof-dir=${profileDir}`] : [];
    const child = spawn(process.execPath, [...profile, bundle, socketPath, String(guests), kind], {
      stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
    });
    pin(child.pid!, processor);
    const connection = createMessageConnection(
      new StreamMessageReader(child.stdout!),
      new StreamMessageWriter(child.stdin!),
    );
    const world = new ShownWorld(socketPath, child, connection, () => {
      child.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    });
    const initialize = { processId: null, rootUri: null, capabilities: {}, initializationOptions: settings };
    await connection.sendRequest('initialize', initialize);
    await connection.sendRequest('xenscope/connect', { host });
    await world.count();
    return world;
  }

  get pid(): number {
    return this.child.pid!;
  }

  async show(isShown: boolean): Promise<void> {
    if (isShown) await this.connection.sendRequest('xenscope/rings', { host, intervalMs: shownIntervalMs });
    else await this.connection.sendRequest('xenscope/ringsStop', { host });
  }

  async rings(): Promise<number> {
    return (await this.connection.sendRequest<unknown[]>('xenscope/ringList', { host })).length;
  }

  async count(): Promise<WorldCount> {
    const answered = once(this.child, 'message') as Promise<[WorldCount]>;
    this.child.send({});
    return (await answered)[0];
  }

  async close(): Promise<void> {
    this.#forget();
    const ended = once(this.child, 'exit');
    this.connection.end();
    this.child.kill('SIGTERM');
    await ended;
    this.connection.dispose();
    rmSync(path.dirname(this.socketPath), { recursive: true, force: true });
  }
}
