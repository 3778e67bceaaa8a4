/** What the doctors find, in VS Code's Problems panel, each with a link to what it is about. */
import * as vscode from 'vscode';
import { remedyLink } from '../problems/subject';
import type { Place, Problem, Subject } from '../problems/subject';
import { ProblemDocuments, problemUri } from './problemDocuments';

const severities: Readonly<Record<Problem['severity'], vscode.DiagnosticSeverity>> = {
  note: vscode.DiagnosticSeverity.Information,
  warning: vscode.DiagnosticSeverity.Warning,
  error: vscode.DiagnosticSeverity.Error,
};

export class Problems implements vscode.Disposable {
  private readonly collection: vscode.DiagnosticCollection;
  /** By host. */
  private readonly shown = new Map<string, vscode.Uri[]>();
  private readonly documents: ProblemDocuments;
  private readonly subscriptions: { dispose(): void }[];

  constructor(
    private readonly subject: Subject,
    hostLabel: (host: string) => string,
  ) {
    this.collection = vscode.languages.createDiagnosticCollection(subject.scheme);
    this.documents = new ProblemDocuments(subject, hostLabel);
    this.subscriptions = [this.collection, this.documents, subject.onChange((host) => this.show(host))];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private show(host: string): void {
    const before = this.shown.get(host) ?? [];
    const uris: vscode.Uri[] = [];
    for (const [id, problems] of this.subject.problems(host)) {
      const place = { host, id };
      const { text, lines } = this.documents.textOf(place, problems);
      const lengths = text.split('\n').map((line) => line.length);
      const diagnostics = problems.map((problem, at) =>
        this.diagnostic(place, problem, new vscode.Range(lines[at]!, 0, lines[at]!, lengths[lines[at]!]!)),
      );
      const uri = problemUri(this.subject, place);
      this.collection.set(uri, diagnostics);
      uris.push(uri);
    }
    const kept = new Set(uris.map(String));
    for (const uri of before) if (!kept.has(String(uri))) this.collection.delete(uri);
    for (const uri of [...uris, ...before]) this.documents.tellChanged(uri);
    this.shown.set(host, uris);
  }

  private diagnostic(place: Place, problem: Problem, range: vscode.Range): vscode.Diagnostic {
    const { text, evidence, rule, severity } = problem;
    const message = [`${this.subject.name(place)}: ${text}.`, ...evidence].join(' ');
    const diagnostic = new vscode.Diagnostic(range, message, severities[severity]);
    diagnostic.source = 'Xenscope';
    const [first] = this.subject.remedies(place);
    diagnostic.code = first ? { value: rule, target: vscode.Uri.parse(remedyLink(first)) } : rule;
    return diagnostic;
  }
}
