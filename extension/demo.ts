/** In the folder that `npm start` opens, the views show themselves the first time, with the domains unfolded. */
import * as vscode from 'vscode';
import { simulatorId } from './hosts';

/** package.json activates the extension where this file is. */
const demoMark = '.xenscope-demo';
const shownKey = 'xenscope.demoShown';

export async function showInDemo(state: vscode.Memento): Promise<void> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (!folder || state.get<boolean>(shownKey)) return;
  try {
    await vscode.workspace.fs.stat(vscode.Uri.joinPath(folder.uri, demoMark));
  } catch {
    return; // An ordinary folder.
  }
  await state.update(shownKey, true);
  await vscode.commands.executeCommand('workbench.view.extension.xenscope');
  await vscode.commands.executeCommand('xenscope.reveal', { host: simulatorId, path: '/local/domain' });
}
