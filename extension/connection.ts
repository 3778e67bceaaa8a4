/**
 * The server process and the typed way to it. Nothing starts before the first request; a server
 * that ends is started again with growing pauses, for as long as the window lives. Handlers and
 * requests know nothing of that: they are bound to whichever server runs. Nor do they know of a
 * second server, which runs as root and has the host of this machine (rootServer.ts).
 */
import type { ChildProcess } from 'node:child_process';
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  apiVersion,
  type ApiNotifications,
  type ApiRequests,
  type HostInfo,
  type InitializeOptions,
  type NotificationName,
  type RequestName,
} from '../server/rpc/api';
import { createClient } from './client';
import { failureOf, failures } from './errors';
import { eachLine, killed, launchServer, type Logs } from './launchServer';
import { RestartPolicy } from './restartPolicy';
import { RootServer, isForRoot, machineId, mergeHosts, rootFirstId } from './rootServer';
import { settings } from './settings';
import { Signal } from './signal';
import { Turns, type Turn } from './turns';

export type ServerState =
  /** Not needed yet. */
  | { readonly kind: 'off' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running' }
  /** It ended and is started again after a pause. */
  | { readonly kind: 'waiting'; readonly delayMs: number; readonly reason: string };

type Handler = { readonly name: NotificationName; readonly handle: (params: never) => void };

export class Connection implements vscode.Disposable {
  private readonly stateChanged = new Signal<ServerState>();
  private readonly troubleSeen = new Signal<string>();
  private readonly handlers = new Set<Handler>();
  private readonly restarts = new RestartPolicy();
  private current: ServerState = { kind: 'off' };
  private client: LanguageClient | undefined;
  private child: ChildProcess | undefined;
  private starting: Promise<LanguageClient> | undefined;
  private stopped: Promise<void> = Promise.resolve();
  private readonly turns = new Turns();
  private ownHosts: readonly HostInfo[] = [];
  readonly root: RootServer;
  private pause: NodeJS.Timeout | undefined;
  private disposed = false;

  readonly onState = this.stateChanged.event;
  /** It ended again and again: a sentence to show once. */
  readonly onTrouble = this.troubleSeen.event;

  constructor(
    private readonly serverScript: string,
    private readonly logs: Logs,
    private readonly pace: () => number,
  ) {
    this.root = new RootServer(
      () => ({
        initializationOptions: { ...this.initializationOptions(), firstId: rootFirstId },
        outputChannel: logs.server,
        names: this.names(),
        onNotification: (name, params) => this.onRootNotification(name, params),
      }),
      (line) => logs.extension.info(line),
    );
    this.root.onJoined((joined) => this.onRootJoined(joined));
  }

  get state(): ServerState {
    return this.current;
  }

  /** Fails with a Failure, also while the server is down. */
  async request<M extends RequestName>(
    method: M,
    params: ApiRequests[M]['params'],
    token?: vscode.CancellationToken,
  ): Promise<ApiRequests[M]['result']> {
    const { root } = this;
    if (root.hosts && isForRoot(params)) return root.request(method, params, token).catch(fail);
    if (root.hosts && method === 'xenscope/settings')
      void root.request(method, params).catch(() => undefined);
    const client = await this.ready();
    try {
      // An undefined token would count as a second parameter, and both would travel as a list.
      const result = await (token
        ? client.sendRequest<ApiRequests[M]['result']>(method, params, token)
        : client.sendRequest<ApiRequests[M]['result']>(method, params));
      return method === 'xenscope/hosts' ? (this.merged(result as never) as typeof result) : result;
    } catch (error) {
      throw failureOf(error);
    }
  }

  on<N extends NotificationName>(name: N, handle: (params: ApiNotifications[N]) => void): vscode.Disposable {
    const handler: Handler = { name, handle };
    this.handlers.add(handler);
    return new vscode.Disposable(() => void this.handlers.delete(handler));
  }

  /** Starts the server when it was never needed before; does not wait out a pause. */
  async ready(): Promise<LanguageClient> {
    if (this.current.kind === 'waiting' || this.disposed) throw failures.serverDown();
    return this.starting ?? this.begin();
  }

  async restart(): Promise<void> {
    if (this.disposed) return;
    this.restarts.forgive();
    clearTimeout(this.pause);
    this.stop();
    await this.begin();
  }

  /** Ends the server, which closes its hosts and removes what it left on disk. */
  async end(): Promise<void> {
    this.disposed = true;
    clearTimeout(this.pause);
    this.turns.end();
    this.root.end();
    this.stop();
    await this.stopped;
  }

  dispose(): void {
    void this.end();
  }

  private setState(state: ServerState): void {
    this.current = state;
    this.stateChanged.fire(state);
  }

  /** `stopped` resolves when what ran is gone. */
  private stop(): void {
    const { client, child } = this;
    this.client = this.child = this.starting = undefined;
    this.stopped = Promise.all([this.stopped, client?.dispose().catch(() => undefined)]).then(
      () => void child?.kill(),
    );
  }

  private begin(): Promise<LanguageClient> {
    const starting = (this.starting = this.start(this.turns.begin()));
    // Now that whoever hears of it and asks for the server gets this start.
    this.setState({ kind: 'starting' });
    return starting;
  }

  private async start(turn: Turn): Promise<LanguageClient> {
    try {
      return await this.startIn(turn);
    } catch (error) {
      // Whoever waited for this start is content with the one that overtook it.
      if (!turn.isCurrent && this.starting) return this.starting;
      throw failureOf(error);
    }
  }

  private async startIn(turn: Turn): Promise<LanguageClient> {
    await turn.only(this.stopped);
    const startedAt = Date.now();
    const child = await turn
      .only(launchServer(this.serverScript, this.logs), killed)
      .catch((error: unknown) => {
        if (turn.isCurrent) this.startAfterPause(failureOf(error).message, 0);
        throw error;
      });
    this.child = child;
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `status ${code}`));
    });
    void ended.then((how) => this.onEnded(child, how, Date.now() - startedAt));
    // From here on `stop` finds the child and the client, and ends them.
    const client = await turn.only(this.connect(child));
    this.client = client;
    try {
      const exited = ended.then((how) => {
        throw failures.serverExited(how);
      });
      await turn.only(Promise.race([client.start(), exited]));
    } catch (error) {
      if (this.client === client) this.client = undefined;
      void client.dispose().catch(() => undefined);
      child.kill();
      throw error;
    }
    this.logs.extension.info(`The server answers after ${Date.now() - startedAt} ms (process ${child.pid}).`);
    this.setState({ kind: 'running' });
    return client;
  }

  private connect(child: ChildProcess): Promise<LanguageClient> {
    return createClient({
      server: () => Promise.resolve(child),
      initializationOptions: this.initializationOptions(),
      outputChannel: this.logs.server,
      names: this.names(),
      onNotification: (name, params) => this.onOwnNotification(name, params),
      onStderr: (input) => eachLine(input, (line) => this.logs.server.info(line)),
    });
  }

  private initializationOptions(): InitializeOptions {
    const forSimulator = { seed: settings.seed(), ringFeatures: settings.ringFeatures(), pace: this.pace() };
    return { apiVersion, ...settings.forServer(), ...forSimulator };
  }

  private names(): NotificationName[] {
    return [...this.handlers].map(({ name }) => name);
  }

  private tellHandlers(name: NotificationName, params: unknown): void {
    for (const handler of this.handlers) if (handler.name === name) handler.handle(params as never);
  }

  /** ---- two servers, one list of hosts ---- */

  private onOwnNotification(name: NotificationName, params: unknown): void {
    if (name !== 'xenscope/hostsChanged') return this.tellHandlers(name, params);
    const { hosts } = params as ApiNotifications['xenscope/hostsChanged'];
    this.tellHandlers(name, { hosts: this.merged(hosts) });
  }

  private onRootNotification(name: NotificationName, params: unknown): void {
    if (name !== 'xenscope/hostsChanged') return this.tellHandlers(name, params);
    this.root.hosts = (params as ApiNotifications['xenscope/hostsChanged']).hosts;
    this.tellMergedHosts();
  }

  private onRootJoined(joined: boolean): void {
    const machine = this.ownHosts.find(({ id }) => id === machineId);
    // From now on the other server has it; ours would hold it unseen.
    if (joined && machine && machine.state.kind !== 'idle') {
      void this.client?.sendRequest('xenscope/disconnect', { host: machineId }).catch(() => undefined);
    }
    this.tellMergedHosts();
  }

  private tellMergedHosts(): void {
    this.tellHandlers('xenscope/hostsChanged', { hosts: mergeHosts(this.ownHosts, this.root.hosts) });
  }

  /** Also looks whether our server has found one that runs as root. */
  private merged(own: readonly HostInfo[]): readonly HostInfo[] {
    this.ownHosts = own;
    this.root.offer(own.find(({ id }) => id === machineId)?.rootServer);
    return mergeHosts(own, this.root.hosts);
  }

  private onEnded(child: ChildProcess, how: string, ranForMs: number): void {
    if (this.child !== child || this.disposed) return;
    this.turns.end();
    this.stop();
    this.startAfterPause(how, ranForMs);
  }

  private startAfterPause(reason: string, ranForMs: number): void {
    const { delayMs, tell } = this.restarts.ended(ranForMs);
    this.logs.extension.warn(
      `The server ended (${reason}) after ${ranForMs} ms; it is started again in ${delayMs} ms.`,
    );
    this.setState({ kind: 'waiting', delayMs, reason });
    if (tell) this.troubleSeen.fire(reason);
    this.pause = setTimeout(() => {
      this.begin().catch((error: unknown) => this.logs.extension.error(failureOf(error).text));
    }, delayMs);
  }
}

function fail(error: unknown): never {
  throw failureOf(error);
}
