/** The documents that problems of rings lie in: read-only, with the way to the ring above and as a quick fix. */
import * as vscode from 'vscode';
import type { RingFinding } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { labelOf, ringOwner } from '../rings/ringTexts';
import {
  ringOfUri,
  ringProblems,
  ringRemedies,
  ringScheme,
  type RingPlace,
  type RingText,
} from '../rings/ringProblems';

export function ringUri({ host, ring }: RingPlace): vscode.Uri {
  return vscode.Uri.from({ scheme: ringScheme, authority: host, path: `/${ring}` });
}

export class RingDocuments
  implements
    vscode.TextDocumentContentProvider,
    vscode.CodeLensProvider,
    vscode.CodeActionProvider,
    vscode.Disposable
{
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly subscriptions: vscode.Disposable[];

  readonly onDidChange = this.changed.event;

  constructor(private readonly xenscope: Xenscope) {
    const selector = { scheme: ringScheme };
    const kinds = { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] };
    this.subscriptions = [
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(ringScheme, this),
      vscode.languages.registerCodeLensProvider(selector, this),
      vscode.languages.registerCodeActionsProvider(selector, this, kinds),
    ];
  }

  /** As the document of a ring shows it. */
  textOf(place: RingPlace, findings: readonly RingFinding[]): RingText {
    return ringProblems(this.title(place), findings);
  }

  /** What is found in this ring is not what it was. */
  tellChanged(uri: vscode.Uri): void {
    this.changed.fire(uri);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const place = ringOfUri(uri);
    const findings = this.xenscope.findings.of(place.host).filter(({ ring }) => ring === place.ring);
    return this.textOf(place, findings).text;
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const place = ringOfUri(uri);
    const top = new vscode.Range(0, 0, 0, 0);
    return ringRemedies(place).map((remedy) => new vscode.CodeLens(top, { ...remedy, arguments: [place] }));
  }

  provideCodeActions(
    { uri }: vscode.TextDocument,
    _range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    if (diagnostics.length === 0) return [];
    const place = ringOfUri(uri);
    return ringRemedies(place).map((remedy, at) => {
      const action = new vscode.CodeAction(remedy.title, vscode.CodeActionKind.QuickFix);
      action.command = { ...remedy, arguments: [place] };
      action.diagnostics = [...diagnostics];
      action.isPreferred = at === 0;
      return action;
    });
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private title({ host, ring }: RingPlace): string {
    const { hosts } = this.xenscope;
    const where = hosts.find(host)?.label ?? host;
    return `The ${labelOf(ring)} ring of ${hosts.domainName(host, ringOwner(ring))} on ${where}`;
  }
}
