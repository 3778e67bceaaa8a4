/** An editor without a window, joined to a server by two streams. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { apiVersion } from '../../../server/rpc/api';
import type {
  ApiNotifications,
  ApiRequests,
  InitializeOptions,
  NotificationName,
  RequestName,
} from '../../../server/rpc/api';
import { eventually } from './dom0';

const initializationOptions: InitializeOptions = {
  apiVersion,
  seed: 1,
  pace: 0,
  sockets: [],
  allowDomain0Edits: false,
};

/** How a server calls the Xen that it runs under. */
export const machine = 'local';

export class JoinedEditor {
  readonly #connection: MessageConnection;

  private constructor(connection: MessageConnection) {
    this.#connection = connection;
  }

  /** Says hello, and attaches to this machine's Xen. */
  static async over(input: Readable, output: Writable): Promise<JoinedEditor> {
    const connection = createMessageConnection(
      new StreamMessageReader(input),
      new StreamMessageWriter(output),
    );
    const editor = new JoinedEditor(connection);
    connection.listen();
    const params = { processId: null, rootUri: null, capabilities: {}, initializationOptions };
    await connection.sendRequest('initialize', params);
    // A server looks for the Xen of its machine while it says hello.
    await eventually(async () => (await editor.ask('xenscope/hosts', null)).some(({ id }) => id === machine));
    const { state } = await editor.ask('xenscope/connect', { host: machine });
    if (state.kind !== 'connected') throw new Error(`It is ${JSON.stringify(state)}.`);
    return editor;
  }

  ask<Name extends RequestName>(
    name: Name,
    params: ApiRequests[Name]['params'],
  ): Promise<ApiRequests[Name]['result']> {
    return this.#connection.sendRequest(name, params);
  }

  on<Name extends NotificationName>(name: Name, listener: (params: ApiNotifications[Name]) => void): void {
    this.#connection.onNotification(name, listener);
  }

  leave(): void {
    this.#connection.dispose();
  }
}

/** Our built server of dom0, as an editor starts it for itself. */
export async function openEditor(): Promise<JoinedEditor & { end(): Promise<void> }> {
  const server = spawn('node', ['/xenscope/server.cjs', 'editor', '--stdio'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exit = once(server, 'exit');
  const editor = await JoinedEditor.over(server.stdout, server.stdin);
  const end = async () => {
    editor.leave();
    server.stdin.end();
    await exit;
  };
  return Object.assign(editor, { end });
}
