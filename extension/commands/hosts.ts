/** What can be done with a host. */
import { stat } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { HostInfo } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { failures } from '../errors';
import { plain } from '../plain';
import { machineId } from '../rootServer';
import { ask, say } from '../say';
import { settings } from '../settings';
import { texts } from '../texts';
import { hostIn } from './target';

const statusMs = 8000;

export async function connect(xenscope: Xenscope, argument: unknown): Promise<void> {
  await xenscope.connection.ready();
  if (xenscope.hosts.list.length === 0) await xenscope.hosts.load();
  const host = hostIn(xenscope, argument);
  if (host.unavailable) return explainUnavailable(host);
  await xenscope.hosts.connect(host.id);
}

/** Why it cannot be connected, and the command that makes it so that it can. */
async function explainUnavailable({ label, unavailable }: HostInfo): Promise<void> {
  const { reason, command } = unavailable!;
  if (command === undefined) return say.explanation(`${label} is not there.`, reason);
  const copy = 'Copy Command';
  const answer = await ask(`${label} needs root.`, `${reason}\n\n${command}`, copy);
  if (answer === copy) await copyText(command);
}

/** The line for a terminal that starts a server as root. */
export async function copyRootCommand(xenscope: Xenscope, argument: unknown): Promise<void> {
  const host = hostIn(xenscope, argument ?? machineId);
  const command = host.unavailable?.command;
  if (command === undefined) throw failures.noRootNeeded(host.label);
  await copyText(command);
}

async function copyText(command: string): Promise<void> {
  await vscode.env.clipboard.writeText(command);
  say.briefly('clippy', texts.commandCopied, statusMs);
}

export async function disconnect(xenscope: Xenscope, argument: unknown): Promise<void> {
  await xenscope.hosts.disconnect(hostIn(xenscope, argument).id);
}

/** Makes it the host of the Xenstore view, and connects it. */
export async function showHost(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { id } = argument === undefined ? ((await pickHost(xenscope)) ?? {}) : hostIn(xenscope, argument);
  if (id === undefined) return;
  xenscope.hosts.show(id);
  await vscode.commands.executeCommand('xenscope.xenstore.focus');
  const host = xenscope.hosts.find(id);
  if (host?.unavailable) return explainUnavailable(host);
  if (host?.state.kind === 'idle') await xenscope.hosts.connect(id);
}

async function pickHost(xenscope: Xenscope): Promise<{ id: string } | undefined> {
  await xenscope.connection.ready();
  await xenscope.hosts.load();
  const items = xenscope.hosts.list.map((host) => ({
    id: host.id,
    label: plain(host.label),
    description: host.unavailable
      ? texts.unavailable[host.unavailable.kind]
      : texts.hostState(host.state, xenscope.clock.retryInMs(host.id)),
  }));
  return vscode.window.showQuickPick(items, { title: 'Show which host?' });
}

export async function setPace(xenscope: Xenscope, argument: unknown): Promise<void> {
  const host = hostIn(xenscope, argument);
  const now = host.world?.pace;
  if (now === undefined) throw failures.noPace();
  const items = texts.paceChoices.map(({ pace, label, detail }) => ({
    pace,
    label,
    detail,
    description: pace === now ? 'now' : undefined,
  }));
  const choice = await vscode.window.showQuickPick(items, {
    title: 'How fast shall the simulated guests live?',
  });
  if (choice) await xenscope.setPace(host.id, choice.pace);
}

/** The line for a terminal that makes xenstore-ls and its like talk to this host. */
export async function copySocket(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { label, socketPath } = hostIn(xenscope, argument);
  if (socketPath === undefined) {
    throw failures.noSocket(label);
  }
  await vscode.env.clipboard.writeText(texts.exportLine(socketPath));
  say.briefly('clippy', texts.exportCopied, statusMs);
}

export async function addSocket(xenscope: Xenscope): Promise<void> {
  const typed = await vscode.window.showInputBox({
    title: 'Add a xenstored socket',
    prompt: 'Its path on the machine where the server runs, e.g. /run/xenstored/socket',
    placeHolder: '/run/xenstored/socket',
    ignoreFocusOut: true,
    validateInput: (text) => socketProblem(text.trim()),
  });
  if (typed === undefined) return;
  const added = path.normalize(typed.trim());
  await settings.setSockets([...new Set([...settings.sockets(), added])]);
  await xenscope.connection.ready();
  const host = await xenscope.hosts.whenListed((one) => one.removable && one.socketPath === added, 5000);
  if (host) await showHost(xenscope, host.id);
}

async function socketProblem(text: string): Promise<string | vscode.InputBoxValidationMessage | undefined> {
  if (text === '') return 'Type the path of the socket.';
  if (!path.isAbsolute(text)) return 'The path must begin with a slash.';
  if (Buffer.byteLength(text) > 107) return 'The path of a socket has 107 characters at most.';
  if (settings.sockets().includes(path.normalize(text))) return 'This socket is in the list already.';
  const found = await stat(text).catch((error: NodeJS.ErrnoException) => error.code);
  if (found === 'EACCES')
    return 'You may not look there: ask for access to the folder, or run the editor’s server as the owner.';
  if (typeof found === 'string' || found === undefined) {
    return {
      message: 'Nothing is there yet. It can be added all the same, and is connected when it appears.',
      severity: vscode.InputBoxValidationSeverity.Warning,
    };
  }
  if (!found.isSocket()) return 'This is no socket.';
  return undefined;
}

export async function removeSocket(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { removable, label, socketPath } = hostIn(xenscope, argument);
  if (!removable || socketPath === undefined) throw failures.notRemovable(label);
  await settings.setSockets(
    settings.sockets().filter((one) => path.normalize(one) !== path.normalize(socketPath)),
  );
}
