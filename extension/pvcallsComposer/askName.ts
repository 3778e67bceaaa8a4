/** The names of favourites, as a person gives them. */
import * as vscode from 'vscode';
import type { Favourite } from '../../webview/messages';
import { say } from '../say';
import type { Favourites } from './favourites';

/** `before`: of one that is renamed. Undefined: the person thought better of it. */
export async function askName(favourites: Favourites, before?: string): Promise<string | undefined> {
  const name = await vscode.window.showInputBox({
    title: before === undefined ? 'Save as favourite' : `Rename “${before}”`,
    value: before ?? '',
    prompt: 'The name under which the form is found again',
    validateInput: (text) => {
      const problem = favourites.nameProblem(text);
      if (problem !== undefined) return problem;
      const isTaken = text.trim() !== before && favourites.has(text.trim());
      if (!isTaken) return undefined;
      const message = 'There is one of this name: it is replaced.';
      return { message, severity: vscode.InputBoxValidationSeverity.Warning };
    },
  });
  return name?.trim();
}

export async function tellRemoved(favourites: Favourites, removed: Favourite | undefined): Promise<void> {
  if (!removed) return;
  const undo = 'Undo';
  if ((await say.information(`The favourite “${removed.name}” is removed.`, undo)) !== undo) return;
  await favourites.save(removed.name, removed.draft);
}
