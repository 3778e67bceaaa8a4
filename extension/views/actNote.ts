/** Says in the status bar what was just done, for a moment; a click takes it back. */
import * as vscode from 'vscode';
import { plain } from '../plain';

const shownForMs = 10_000;
const maxCharacters = 60;

export class ActNote implements vscode.Disposable {
  private item: vscode.StatusBarItem | undefined;
  private timer: NodeJS.Timeout | undefined;

  show(text: string, undoable: boolean): void {
    this.item ??= vscode.window.createStatusBarItem(
      'xenscope.lastChange',
      vscode.StatusBarAlignment.Left,
      39,
    );
    this.item.name = 'Xenscope Last Change';
    const short = plain(text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1)}…` : text);
    this.item.text = undoable ? `$(discard) ${short}` : `$(check) ${short}`;
    this.item.tooltip = undoable ? `${text}\n\nClick to undo.` : text;
    this.item.command = undoable ? 'xenscope.undo' : undefined;
    this.item.accessibilityInformation = { label: undoable ? `${text} Press to undo.` : text };
    this.item.show();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.item?.hide(), shownForMs);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.item?.dispose();
  }
}
