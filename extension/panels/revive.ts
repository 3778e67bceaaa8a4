/** Panels that were open when the window was loaded anew: VS Code brings their tabs back, with what their pages kept. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { fillPage, type PageName } from './html';

export interface Revival<Kept> {
  readonly page: PageName;
  /** What a page has kept, if it is that: another version of ours may have written it. */
  readonly keptIn: (state: unknown) => Kept | undefined;
  readonly revive: (panel: vscode.WebviewPanel, kept: Kept) => void;
}

export function revivePanels<Kept>(
  xenscope: Xenscope,
  { page, keptIn, revive }: Revival<Kept>,
): vscode.Disposable {
  return vscode.window.registerWebviewPanelSerializer(`xenscope.${page}`, {
    deserializeWebviewPanel(panel, state: unknown) {
      const kept = keptIn(state);
      // Closed before its page was ready: nothing says what it showed.
      if (kept === undefined) panel.dispose();
      else {
        fillPage(panel, xenscope.extension, page);
        xenscope.wake();
        revive(panel, kept);
      }
      return Promise.resolve();
    },
  });
}
