/** Messages and questions to the person. All of them go out here, so that none carries a link of somebody else's. */
import * as vscode from 'vscode';
import { plain } from './plain';

/** Each resolves with the button that was pressed, if any. */
export const say = {
  error: (text: string, ...buttons: string[]) => vscode.window.showErrorMessage(plain(text), ...buttons),
  warning: (text: string, ...buttons: string[]) => vscode.window.showWarningMessage(plain(text), ...buttons),
  information: (text: string, ...buttons: string[]) =>
    vscode.window.showInformationMessage(plain(text), ...buttons),

  /** In the middle of the window, to be closed before anything else. */
  async refusal(text: string, detail: string): Promise<void> {
    await vscode.window.showErrorMessage(plain(text), { modal: true, detail: plain(detail) });
  },

  /** As a refusal, where nothing went wrong. */
  async explanation(text: string, detail: string): Promise<void> {
    await vscode.window.showInformationMessage(plain(text), { modal: true, detail: plain(detail) });
  },

  /** For a moment, with an icon before it. */
  briefly(icon: string, text: string, forMs: number): void {
    vscode.window.setStatusBarMessage(`$(${icon}) ${plain(text)}`, forMs);
  },
};

/** Which of the buttons; undefined for the Cancel that VS Code adds. */
export function ask(text: string, detail: string, ...buttons: string[]): Thenable<string | undefined> {
  return vscode.window.showWarningMessage(plain(text), { modal: true, detail: plain(detail) }, ...buttons);
}
