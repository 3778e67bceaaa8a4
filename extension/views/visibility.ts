/** Work that a view only needs while somebody looks at it. */
import type * as vscode from 'vscode';

export function whenVisible(
  view: vscode.TreeView<unknown>,
  shown: () => void,
  hidden: () => void = () => undefined,
): vscode.Disposable {
  if (view.visible) shown();
  return view.onDidChangeVisibility(({ visible }) => (visible ? shown() : hidden()));
}
