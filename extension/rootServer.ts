/**
 * A second server beside our own: one that runs as root for this user (`xenscope serve --owner`), and
 * shows what our own may not open. It is somebody else's process: we join it when our server finds it,
 * and join again when it comes back; it is never started or ended from here.
 */
import { connect, type Socket } from 'node:net';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { ApiRequests, HostInfo, RequestName } from '../server/rpc/api';
import { createClient, type ClientOptions } from './client';
import { failureOf, failures } from './errors';
import { Signal } from './signal';

/** Ids of its watches and views begin here, and never meet those of our own server. */
export const rootFirstId = 2 ** 40;
/** The one host that it has. */
export const machineId = 'local';

const joinAgainMs = 3000;
/** A server of this machine answers in a fraction of that; one that was stopped, or hangs, never does. */
const joinTimeoutMs = 20_000;

type Shared = Pick<ClientOptions, 'initializationOptions' | 'outputChannel' | 'names' | 'onNotification'>;
/** What is needed of a language client. */
type Client = Pick<LanguageClient, 'start' | 'sendRequest' | 'dispose'>;

interface Joining {
  readonly makeClient: (options: ClientOptions) => Promise<Client>;
  readonly timeoutMs: number;
  readonly againMs: number;
}

const usualJoining: Joining = {
  makeClient: createClient,
  timeoutMs: joinTimeoutMs,
  againMs: joinAgainMs,
};

/** Whether a request is for the server that runs as root, as long as that is joined. */
export function isForRoot(params: unknown): boolean {
  const { host, watchId, viewId } = (params ?? {}) as { host?: string; watchId?: number; viewId?: number };
  return host === machineId || (watchId ?? viewId ?? 0) >= rootFirstId;
}

/** What a person sees: our own hosts, the machine's in the words of the server that can open it. */
export function mergeHosts(
  own: readonly HostInfo[],
  root: readonly HostInfo[] | undefined,
): readonly HostInfo[] {
  const machine = root?.find(({ id }) => id === machineId);
  return machine ? own.map((host) => (host.id === machineId ? machine : host)) : own;
}

export class RootServer {
  private readonly joinedChanged = new Signal<boolean>();
  private readonly troubleSeen = new Signal<string>();
  private offered: string | undefined;
  private socket: Socket | undefined;
  private client: Client | undefined;
  private known: readonly HostInfo[] | undefined;
  private again: NodeJS.Timeout | undefined;
  private toldTrouble: string | undefined;
  private lastLine: string | undefined;

  /** It was joined, or left. */
  readonly onJoined = this.joinedChanged.event;
  /** It is there and cannot be joined: a sentence to show once. */
  readonly onTrouble = this.troubleSeen.event;

  constructor(
    private readonly shared: () => Shared,
    private readonly logLine: (line: string) => void,
    private readonly joining: Joining = usualJoining,
  ) {}

  /** Its hosts; undefined while it is not joined. */
  get hosts(): readonly HostInfo[] | undefined {
    return this.known;
  }

  /** Where it was joined. */
  get path(): string | undefined {
    return this.known && this.offered;
  }

  set hosts(hosts: readonly HostInfo[] | undefined) {
    if (this.known) this.known = hosts;
  }

  /** Our own server has found it at `path`, or finds none. */
  offer(path: string | undefined): void {
    if (path === this.offered) return;
    this.leave();
    this.offered = path;
    if (path !== undefined) void this.join(path);
  }

  /** Fails with what the client fails with. */
  request<M extends RequestName>(
    method: M,
    params: ApiRequests[M]['params'],
    token?: unknown,
  ): Promise<ApiRequests[M]['result']> {
    const { client } = this;
    if (!client) return Promise.reject(new Error('The server that runs as root is gone.'));
    // An undefined token would count as a second parameter, and both would travel as a list.
    return token ? client.sendRequest(method, params, token as never) : client.sendRequest(method, params);
  }

  /** Nobody wants it any more. */
  end(): void {
    this.leave();
    this.offered = undefined;
  }

  private async join(path: string): Promise<void> {
    const socket = (this.socket = connect(path));
    const current = () => this.socket === socket;
    socket.on('error', (error: NodeJS.ErrnoException) => this.log(`${path}: ${error.code ?? error.message}`));
    socket.once('close', () => {
      if (!current()) return;
      this.leave();
      this.again = setTimeout(() => void this.join(path), this.joining.againMs);
    });
    const limit = setTimeout(() => {
      if (current()) this.tellTrouble(failures.rootServerSilent(path).text);
      socket.destroy();
    }, this.joining.timeoutMs);
    try {
      await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('close', reject));
      const client = await this.joining.makeClient({
        ...this.shared(),
        server: () => Promise.resolve({ reader: socket, writer: socket }),
      });
      if (!current()) return;
      this.client = client;
      await client.start();
      const hosts = await client.sendRequest<readonly HostInfo[]>('xenscope/hosts', null);
      if (!current()) return;
      this.known = hosts;
      this.toldTrouble = undefined;
      this.log(`Joined the server that runs as root at ${path}.`);
      this.joinedChanged.fire(true);
    } catch (error) {
      // Without an error the socket was refused or closed, which its own events tell.
      if (error && current()) this.tellTrouble(failureOf(error).text);
      socket.destroy();
    } finally {
      clearTimeout(limit);
    }
  }

  private leave(): void {
    clearTimeout(this.again);
    const { socket, client, known } = this;
    this.socket = this.client = this.known = undefined;
    void client?.dispose().catch(() => undefined);
    // What the client still has to say in taking its leave goes out before.
    socket?.end();
    if (known) this.joinedChanged.fire(false);
  }

  /** A server that is not there is tried again and again, and told once. */
  private log(line: string): void {
    if (line !== this.lastLine) this.logLine(line);
    this.lastLine = line;
  }

  private tellTrouble(text: string): void {
    this.log(`The server that runs as root cannot be joined: ${text}`);
    if (text === this.toldTrouble) return;
    this.toldTrouble = text;
    this.troubleSeen.fire(text);
  }
}
