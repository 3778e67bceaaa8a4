/** Activation only; see context.ts for the parts. Nothing is started before a view or a command needs it. */
import * as vscode from 'vscode';
import { registerCommands } from './commands';
import { Xenscope } from './context';
import { registerDebugger } from './debug';
import { showInDemo } from './demo';
import { XenstoreFileSystem } from './fileSystem/provider';

let current: Xenscope | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const logs = {
    extension: vscode.window.createOutputChannel('Xenscope', { log: true }),
    server: vscode.window.createOutputChannel('Xenscope Server', { log: true }),
  };
  const xenscope = (current = new Xenscope(context, logs));
  context.subscriptions.push(
    logs.extension,
    logs.server,
    xenscope,
    new XenstoreFileSystem(xenscope),
    ...registerCommands(xenscope),
    ...registerDebugger(context.asAbsolutePath('dist/server.cjs'), logs),
  );
  void showInDemo(context.workspaceState);
}

export async function deactivate(): Promise<void> {
  await current?.connection.end();
}
