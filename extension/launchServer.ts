/** The process that runs the server: which Node it is given, and what it writes on its standard error. */
import { spawn, type ChildProcess } from 'node:child_process';
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { say } from './say';
import { chooseServerNode } from './serverNode';
import { settings } from './settings';

export interface Logs {
  readonly extension: vscode.LogOutputChannel;
  readonly server: vscode.LogOutputChannel;
}

/** A Node that was chosen and is of no use is told to the person; another one is taken. */
export async function launchServer(script: string, { extension }: Logs): Promise<ChildProcess> {
  const node = await chooseServerNode(settings.serverNode(), process.execPath);
  extension.info(`The server runs on ${node.why}.`);
  if (node.problem !== undefined) tellNodeProblem(node.problem, extension);
  return spawn(node.command, [script, 'editor', '--stdio'], {
    cwd: homedir(),
    env: { ...process.env, ...librariesEnv(), ...node.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
}

/** A server that was launched for a start that is over: it would run beside the other, with a world of its own. */
export function killed(child: ChildProcess): void {
  child.on('error', () => undefined);
  child.kill();
}

/** A line that does not end is cut. */
export function eachLine(input: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  input.setEncoding('utf8');
  input.on('data', (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop()!.slice(-10_000);
    for (const line of lines) onLine(line);
  });
}

/** Named as the server's own documentation names it. */
function librariesEnv(): Record<string, string> {
  const folders = settings.xenLibraries();
  return folders === '' ? {} : { XENSCOPE_XEN_LIBRARIES: folders };
}

function tellNodeProblem(problem: string, log: vscode.LogOutputChannel): void {
  log.warn(problem);
  void say.warning(problem, 'Open Setting').then((answer) => {
    if (answer) void vscode.commands.executeCommand('workbench.action.openSettings', 'xenscope.server.node');
  });
}
