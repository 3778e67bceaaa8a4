/** Saves what the flight recorder of a host holds. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { defaultFolder } from '../defaultFolder';
import { failures } from '../errors';
import { say } from '../say';
import { texts } from '../texts';
import { hostIn, shownHost } from './target';

export async function saveJournal(xenscope: Xenscope, argument: unknown): Promise<void> {
  const host = argument === undefined ? await shownHost(xenscope) : hostIn(xenscope, argument);
  if (host.state.kind === 'idle') throw failures.hostNotConnected(host.label);
  if (!host.recorded) throw failures.noRecorder(host.label);
  const uri = await vscode.window.showSaveDialog({
    title: texts.saveJournalTitle(host.label),
    defaultUri: vscode.Uri.file(path.join(defaultFolder(), texts.journalFileName(host.id, new Date()))),
    filters: { 'Xenscope journal': ['jsonl'] },
  });
  if (!uri) return;
  // The server writes it: what a recorder holds is much for one message.
  if (uri.scheme !== 'file') throw failures.notHere(uri.toString());
  const saved = await xenscope.connection.request('xenscope/saveJournal', {
    host: host.id,
    file: uri.fsPath,
  });
  const open = 'Open';
  const answer = await say.information(texts.journalSaved(path.basename(uri.fsPath), saved), open);
  if (answer === open) await vscode.window.showTextDocument(uri);
}
