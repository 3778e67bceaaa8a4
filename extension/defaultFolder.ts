/** Where a file dialog begins: in the folder that is open, or at home. */
import { homedir } from 'node:os';
import * as vscode from 'vscode';

export function defaultFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  return folder?.scheme === 'file' ? folder.fsPath : homedir();
}
