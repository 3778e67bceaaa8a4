/** Says in the status bar what was just done, for a moment; a click takes it back. */
import * as vscode from 'vscode';
import { plain } from '../plain';
import { undoCommand, type UndoTarget } from '../undoStack';

const shownForMs = 10_000;
const maxCharacters = 60;

export class ActNote implements vscode.Disposable {
  private item: vscode.StatusBarItem | undefined;
  private timer: NodeJS.Timeout | undefined;

  show(text: string, undo?: UndoTarget): void {
    this.item ??= vscode.window.createStatusBarItem(
      'xenscope.lastChange',
      vscode.StatusBarAlignment.Left,
      39,
    );
    this.item.name = 'Xenscope Last Change';
    const short = plain(text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1)}…` : text);
    this.item.text = undo ? `$(discard) ${short}` : `$(check) ${short}`;
    this.item.tooltip = undo ? `${text}\n\nClick to undo.` : text;
    this.item.command = undo && undoCommand(undo);
    this.item.accessibilityInformation = { label: undo ? `${text} Press to undo.` : text };
    this.item.show();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.item?.hide(), shownForMs);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.item?.dispose();
  }
}
