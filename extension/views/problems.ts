/** The findings of the ring doctor in VS Code's Problems panel, and a notification for what is new and serious. */
import * as vscode from 'vscode';
import type { RingFinding } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import type { Serious } from '../rings/findings';
import { openRingLink, type RingPlace } from '../rings/ringProblems';
import { labelOf } from '../rings/ringTexts';
import { say } from '../say';
import { RingDocuments, ringUri } from './ringDocuments';

const severities: Readonly<Record<RingFinding['severity'], vscode.DiagnosticSeverity>> = {
  note: vscode.DiagnosticSeverity.Information,
  warning: vscode.DiagnosticSeverity.Warning,
  error: vscode.DiagnosticSeverity.Error,
};

export class Problems implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection('xenscope');
  /** By host. */
  private readonly shown = new Map<string, vscode.Uri[]>();
  private readonly documents: RingDocuments;
  private readonly subscriptions: { dispose(): void }[];

  constructor(private readonly xenscope: Xenscope) {
    const { findings } = xenscope;
    this.documents = new RingDocuments(xenscope);
    this.subscriptions = [
      this.collection,
      this.documents,
      findings.onChange((host) => this.show(host)),
      findings.onSerious((serious) => void this.tell(serious)),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private show(host: string): void {
    const byRing = new Map<string, RingFinding[]>();
    for (const finding of this.xenscope.findings.of(host)) {
      const list = byRing.get(finding.ring) ?? [];
      list.push(finding);
      byRing.set(finding.ring, list);
    }
    const before = this.shown.get(host) ?? [];
    const uris: vscode.Uri[] = [];
    for (const [ring, findings] of byRing) {
      const place = { host, ring };
      const { text, lines } = this.documents.textOf(place, findings);
      const lengths = text.split('\n').map((line) => line.length);
      const diagnostics = findings.map((finding, at) =>
        this.diagnostic(place, finding, new vscode.Range(lines[at]!, 0, lines[at]!, lengths[lines[at]!]!)),
      );
      const uri = ringUri(place);
      this.collection.set(uri, diagnostics);
      uris.push(uri);
    }
    const kept = new Set(uris.map(String));
    for (const uri of before) if (!kept.has(String(uri))) this.collection.delete(uri);
    for (const uri of [...uris, ...before]) this.documents.tellChanged(uri);
    this.shown.set(host, uris);
  }

  private diagnostic(place: RingPlace, finding: RingFinding, range: vscode.Range): vscode.Diagnostic {
    const { text, evidence, rule, severity } = finding;
    const message = [`${this.subject(place.host, finding)}: ${text}.`, ...evidence].join(' ');
    const diagnostic = new vscode.Diagnostic(range, message, severities[severity]);
    diagnostic.source = 'Xenscope';
    diagnostic.code = { value: rule, target: vscode.Uri.parse(openRingLink(place)) };
    return diagnostic;
  }

  private async tell({ host, finding, others }: Serious): Promise<void> {
    const more = others > 0 ? ` ${others} more like it: see Problems.` : '';
    const open = 'Open Ring';
    const text = `${this.subject(host, finding)}: ${finding.text}.${more}`;
    const answer = await say.warning(text, open);
    if (answer === open)
      await vscode.commands.executeCommand('xenscope.ring.open', { host, ring: finding.ring });
  }

  private subject(host: string, { ring, domid }: RingFinding): string {
    return `The ${labelOf(ring)} ring of ${this.xenscope.hosts.domainName(host, domid)}`;
  }
}
