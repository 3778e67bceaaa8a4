/** An editor and a server joined by two streams in this process, with real stores behind it. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import {
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
} from 'vscode-jsonrpc/node';
import { openRecordedWorld } from '../../server/cli/recording';
import { systemClock, systemRandom } from '../../server/cli/systemClock';
import type { Host } from '../../server/host/host';
import {
  type ApiNotifications,
  type ApiRequests,
  type HostInfo,
  type InitializeOptions,
  type NotificationName,
  type RequestName,
  type WorldInfo,
  apiVersion,
} from '../../server/rpc/api';
import { type EditorServer, startEditorServer } from '../../server/rpc/editorServer';
import type { DomainConfig } from '../../server/sim/toolstack/config';
import { openSocketHost } from '../../server/store/client/socketHost';

type Seen = { [Name in NotificationName]: { name: Name; params: ApiNotifications[Name] } }[NotificationName];

export const initializeOptions: InitializeOptions = {
  apiVersion,
  seed: 1,
  pace: 0,
  sockets: [],
  allowDomain0Edits: false,
};

export interface EditorOptions {
  /** For a simulator that is opened in another way. */
  readonly openWorld?: (world: WorldInfo) => Promise<Host>;
  /** Who lives in the simulator; the demo host when absent. */
  readonly domains?: readonly DomainConfig[];
}

export class Editor {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'xenscope-test-'));
  readonly input = new PassThrough();
  readonly server: EditorServer;
  readonly connection: MessageConnection;
  /** Every notification of ours, in order. */
  readonly seen: Seen[] = [];

  /** One that has said hello, with the simulator connected. */
  static async onSimulator(options: EditorOptions = {}): Promise<Editor> {
    const editor = new Editor(options);
    await editor.initialize();
    await editor.ask('xenscope/connect', { host: 'simulator' });
    return editor;
  }

  constructor({ openWorld, domains }: EditorOptions = {}) {
    const output = new PassThrough();
    const ports = { clock: systemClock, random: systemRandom };
    this.server = startEditorServer({
      ...ports,
      input: this.input,
      output,
      openSimulator:
        openWorld ??
        (({ seed, pace }) => openRecordedWorld({ seed, pace, domains, storeSocketPath: this.path('world') })),
      openSocket: (socketPath) => openSocketHost({ ...ports, path: socketPath }),
      localXen: {
        look: async () => (existsSync(this.path('local')) ? { socketPath: this.path('local') } : undefined),
        open: async () => openSocketHost({ ...ports, path: this.path('local') }),
      },
    });
    this.connection = createMessageConnection(
      new StreamMessageReader(output),
      new StreamMessageWriter(this.input),
    );
    this.connection.onNotification((name, params) => {
      if (name.startsWith('xenscope/')) this.seen.push({ name, params } as Seen);
    });
    this.connection.listen();
  }

  /** A path in the editor's own temporary folder. */
  path(name: string): string {
    return path.join(this.folder, name);
  }

  initialize(options: Partial<InitializeOptions> = {}): Promise<unknown> {
    return this.connection.sendRequest('initialize', {
      processId: null,
      rootUri: null,
      capabilities: {},
      initializationOptions: { ...initializeOptions, ...options },
    });
  }

  ask<Name extends RequestName>(
    name: Name,
    params: ApiRequests[Name]['params'],
  ): Promise<ApiRequests[Name]['result']> {
    return this.connection.sendRequest(name, params);
  }

  /** All notifications of one kind so far. */
  all<Name extends NotificationName>(name: Name): ApiNotifications[Name][] {
    return this.seen
      .filter((notification) => notification.name === name)
      .map(({ params }) => params as never);
  }

  async host(id: string): Promise<HostInfo | undefined> {
    return (await this.ask('xenscope/hosts', null)).find((host) => host.id === id);
  }

  async close(): Promise<void> {
    this.input.end();
    await this.server.ended;
    this.connection.dispose();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Polls until `test` gives something; the test's own time limit is the only one. */
export async function eventually<T>(test: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const result = await test();
    if (result) return result;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function base64(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64');
}
