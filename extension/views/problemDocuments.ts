/** The documents that problems lie in: read-only, with the way to what they are about above and as a quick fix. */
import * as vscode from 'vscode';
import { problemText } from '../problems/subject';
import type { Place, Problem, ProblemText, Subject } from '../problems/subject';

const language = 'xenscope-problem';

export function problemUri({ scheme, fileName }: Subject, { host, id }: Place): vscode.Uri {
  return vscode.Uri.from({ scheme, authority: host, path: fileName(id), query: id });
}

function placeOf({ authority, query }: vscode.Uri): Place {
  return { host: authority, id: query };
}

export class ProblemDocuments
  implements
    vscode.TextDocumentContentProvider,
    vscode.CodeLensProvider,
    vscode.CodeActionProvider,
    vscode.Disposable
{
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly subscriptions: vscode.Disposable[];

  readonly onDidChange = this.changed.event;

  constructor(
    private readonly subject: Subject,
    private readonly hostLabel: (host: string) => string,
  ) {
    const selector = { scheme: subject.scheme };
    const kinds = { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] };
    this.subscriptions = [
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(subject.scheme, this),
      vscode.workspace.onDidOpenTextDocument((document) => this.setLanguage(document)),
      vscode.languages.registerCodeLensProvider(selector, this),
      vscode.languages.registerCodeActionsProvider(selector, this, kinds),
    ];
  }

  textOf(place: Place, problems: readonly Problem[]): ProblemText {
    const title = `${this.subject.name(place)} on ${this.hostLabel(place.host)}`;
    return problemText(title, problems, this.subject.nothingWrong);
  }

  /** What is found there is not what it was. */
  tellChanged(uri: vscode.Uri): void {
    this.changed.fire(uri);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const place = placeOf(uri);
    return this.textOf(place, this.subject.problems(place.host).get(place.id) ?? []).text;
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const top = new vscode.Range(0, 0, 0, 0);
    return this.remedies(uri).map((remedy) => new vscode.CodeLens(top, remedy));
  }

  provideCodeActions(
    { uri }: vscode.TextDocument,
    _range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    if (diagnostics.length === 0) return [];
    return this.remedies(uri).map((remedy, at) => {
      const action = new vscode.CodeAction(remedy.title, vscode.CodeActionKind.QuickFix);
      action.command = remedy;
      action.diagnostics = [...diagnostics];
      action.isPreferred = at === 0;
      return action;
    });
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /** Whose sentences are wrapped; a name of a file cannot tell it, because these have none of their own. */
  private setLanguage(document: vscode.TextDocument): void {
    if (document.uri.scheme !== this.subject.scheme || document.languageId === language) return;
    // It was closed at the same moment.
    vscode.languages.setTextDocumentLanguage(document, language).then(undefined, () => undefined);
  }

  private remedies(uri: vscode.Uri): vscode.Command[] {
    return this.subject
      .remedies(placeOf(uri))
      .map(({ title, command, argument }) => ({ title, command, arguments: [argument] }));
  }
}
