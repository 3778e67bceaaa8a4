/** The language client that speaks with a server: it says nothing to the person, and starts nothing again. */
import type * as vscode from 'vscode';
import type { LanguageClient, ServerOptions } from 'vscode-languageclient/node';
import type { InitializeOptions, NotificationName } from '../server/rpc/api';

export interface ClientOptions {
  readonly server: ServerOptions;
  readonly initializationOptions: InitializeOptions;
  readonly outputChannel: vscode.LogOutputChannel;
  /** The notifications that are wanted. */
  readonly names: Iterable<NotificationName>;
  readonly onNotification: (name: NotificationName, params: unknown) => void;
  /** Of a server that is a process of ours. */
  readonly onStderr?: (input: NodeJS.ReadableStream) => void;
}

export async function createClient(options: ClientOptions): Promise<LanguageClient> {
  // Loaded here and not above: it is most of the bundle, and activation must stay quick.
  const { LanguageClient, CloseAction, ErrorAction } = await import('vscode-languageclient/node');
  /** What goes wrong with the server is told in our own words. */
  class QuietClient extends LanguageClient {
    override error(message: string, data?: unknown): void {
      super.error(message, data, false);
    }
  }
  const client = new QuietClient('xenscope', 'Xenscope', options.server, {
    documentSelector: [],
    outputChannel: options.outputChannel,
    initializationOptions: options.initializationOptions,
    initializationFailedHandler: () => false,
    // Starting again is our own affair; the client only has to keep quiet.
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
    },
    stdioOptions: { stdout: () => undefined, stderr: options.onStderr ?? (() => undefined) },
  });
  for (const name of new Set(options.names)) {
    client.onNotification(name, (params: unknown) => options.onNotification(name, params));
  }
  return client;
}
