/** Edit a value: one line in place, everything else in an editor. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { scheme, uriPath } from '../fileSystem/location';
import { plain } from '../plain';
import { texts } from '../texts';
import { base64OfText, editKind, octetsOf, textOf } from '../values';
import { mustBeTarget } from './target';

export async function editValue(xenscope: Xenscope, argument: unknown): Promise<void> {
  const target = mustBeTarget(xenscope, argument);
  const { host, path } = target;
  const { value, meaning } = await xenscope.connection.request('xenscope/detail', { host, path });
  const octets = octetsOf(value);
  const kind = editKind(octets);
  if (kind === 'text') return openValue(xenscope, target, 'value');
  if (kind === 'octets') return openValue(xenscope, target, 'hex');
  const before = textOf(octets)!;
  const meant = texts.meaning(meaning);
  const after = await vscode.window.showInputBox({
    title: `Value of ${path}`,
    prompt: meant === undefined ? undefined : plain(`${before} means: ${meant}`),
    value: before,
    ignoreFocusOut: true,
  });
  if (after === undefined || after === before) return;
  const act = { kind: 'write', path, value: base64OfText(after), create: false, expected: value } as const;
  await xenscope.acts.perform(host, act, { verb: texts.writeQuestion });
}

/** Opens the value as a file, as it is or as a hex dump. */
export async function openValue(xenscope: Xenscope, argument: unknown, part: 'value' | 'hex'): Promise<void> {
  const { host, path } = mustBeTarget(xenscope, argument);
  const uri = vscode.Uri.from({ scheme, authority: host, path: uriPath(path, part) });
  await vscode.window.showTextDocument(uri, { preview: true });
}
