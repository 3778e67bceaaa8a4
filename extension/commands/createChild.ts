/** New child: its name, judged while it is typed, then its value. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { childPath, nameProblem, tidyPath } from '../names';
import { plain } from '../plain';
import { base64OfText } from '../values';
import { shownHost, targetIn } from './target';

export async function createChild(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host, path: parent } = targetIn(xenscope, argument) ?? {
    host: (await shownHost(xenscope)).id,
    path: '/',
  };
  const siblings = new Set(await xenscope.connection.request('xenscope/names', { host, path: parent }));
  const name = await vscode.window.showInputBox({
    title: `New child of ${parent} (1 of 2)`,
    prompt: 'Name; with slashes, the nodes between are created too',
    placeHolder: 'name',
    ignoreFocusOut: true,
    validateInput: (typed) => {
      const message = nameProblem(parent, typed, siblings);
      // Nothing typed yet is no mistake.
      return typed === '' || message === undefined ? undefined : plain(message);
    },
  });
  if (!name) return;
  const path = tidyPath(childPath(parent, name));
  const value = await vscode.window.showInputBox({
    title: `Value of ${path} (2 of 2)`,
    prompt: 'May be left empty',
    placeHolder: 'value',
    ignoreFocusOut: true,
  });
  if (value === undefined) return;
  const act = { kind: 'write', path, value: base64OfText(value), create: true, expected: null } as const;
  if (await xenscope.acts.perform(host, act, { verb: 'Create' })) {
    await xenscope.xenstoreView.reveal(host, path).catch(xenscope.report);
  }
}
