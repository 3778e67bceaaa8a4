/** Speaks to a server over a pair of streams as the editor does, from the first request on. */
import {
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
} from 'vscode-jsonrpc/node';
import { initializeOptions } from './rig';

/** `before`: what is to be set up before anything is said. */
export async function asEditor(
  from: NodeJS.ReadableStream,
  to: NodeJS.WritableStream,
  before: (connection: MessageConnection) => void = () => undefined,
  options: object = {},
): Promise<MessageConnection> {
  const connection = createMessageConnection(new StreamMessageReader(from), new StreamMessageWriter(to));
  before(connection);
  connection.listen();
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
    initializationOptions: { ...initializeOptions, ...options },
  });
  return connection;
}
