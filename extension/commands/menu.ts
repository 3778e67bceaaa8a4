/** What a click on the status bar offers: everything about the host that is shown, and the server. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { plain } from '../plain';
import { texts } from '../texts';

interface Choice extends vscode.QuickPickItem {
  readonly command?: string;
  readonly argument?: string;
}

export async function menu(xenscope: Xenscope): Promise<void> {
  const { hosts, clock, connection } = xenscope;
  const choices: Choice[] = [];
  const add = (label: string, command: string, argument?: string, description?: string) =>
    choices.push({ label, command, argument, description: description && plain(description) });
  const heading = (label: string) => choices.push({ label, kind: vscode.QuickPickItemKind.Separator });
  const host = hosts.current;
  if (host && connection.state.kind === 'running') {
    heading(`${plain(host.label)}: ${texts.hostState(host.state, clock.retryInMs(host.id))}`);
    if (host.state.kind === 'idle') add('$(plug) Connect', 'xenscope.host.connect', host.id);
    if (host.state.kind === 'away')
      add('$(refresh) Retry Now', 'xenscope.host.retry', host.id, host.state.reason);
    if (host.state.kind === 'connected') {
      add('$(search) Find by Path or Value…', 'xenscope.find');
      add('$(arrow-right) Go to Path…', 'xenscope.goToPath');
    }
    if (host.world)
      add(
        '$(dashboard) Pace of the Simulator…',
        'xenscope.host.setPace',
        host.id,
        texts.pace(host.world.pace),
      );
    const faults = xenscope.faultsOn(host.id);
    if (faults.length > 0)
      add('$(beaker) Turn All Faults Off', 'xenscope.world.clearFaults', host.id, faults.join('; '));
    if (host.socketPath !== undefined)
      add('$(terminal) Copy XENSTORED_PATH Line', 'xenscope.host.copySocket', host.id, host.socketPath);
    if (host.state.kind !== 'idle')
      add('$(debug-disconnect) Disconnect', 'xenscope.host.disconnect', host.id);
  }
  const others = hosts.list.filter(({ id }) => id !== host?.id);
  if (others.length > 0) heading('Other hosts');
  for (const other of others) {
    add(
      `$(server) Show ${plain(other.label)}`,
      'xenscope.host.show',
      other.id,
      texts.hostState(other.state, clock.retryInMs(other.id)),
    );
  }
  heading('Server');
  add('$(debug-restart) Restart Server', 'xenscope.server.restart');
  add('$(output) Show Server Log', 'xenscope.log.showServer');
  const choice = await vscode.window.showQuickPick(choices, { title: 'Xenscope' });
  if (choice?.command) await vscode.commands.executeCommand(choice.command, choice.argument);
}
