/** The findings of the ring doctor in VS Code's Problems panel, and a notification for what is new and serious. */
import * as vscode from 'vscode';
import type { RingFinding } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { scheme, uriPath } from '../fileSystem/location';
import type { Serious } from '../rings/findings';
import { kindLabels } from '../rings/ringTexts';
import { say } from '../say';

const severities: Readonly<Record<RingFinding['severity'], vscode.DiagnosticSeverity>> = {
  note: vscode.DiagnosticSeverity.Information,
  warning: vscode.DiagnosticSeverity.Warning,
  error: vscode.DiagnosticSeverity.Error,
};

export class Problems implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection('xenscope');
  private readonly shown = new Map<string, vscode.Uri[]>();
  private readonly subscriptions: { dispose(): void }[];

  constructor(private readonly xenscope: Xenscope) {
    const { findings } = xenscope;
    this.subscriptions = [
      this.collection,
      findings.onChange((host) => this.show(host)),
      findings.onSerious((serious) => void this.tell(serious)),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private show(host: string): void {
    const byDomain = new Map<number, vscode.Diagnostic[]>();
    for (const finding of this.xenscope.findings.of(host)) {
      const list = byDomain.get(finding.domid) ?? [];
      list.push(this.diagnostic(host, finding));
      byDomain.set(finding.domid, list);
    }
    for (const uri of this.shown.get(host) ?? []) this.collection.delete(uri);
    const uris: vscode.Uri[] = [];
    for (const [domid, diagnostics] of byDomain) {
      const uri = domainUri(host, domid);
      this.collection.set(uri, diagnostics);
      uris.push(uri);
    }
    this.shown.set(host, uris);
  }

  private diagnostic(host: string, finding: RingFinding): vscode.Diagnostic {
    const { text, evidence, rule, severity } = finding;
    const message = [`${this.subject(host, finding)}: ${text}.`, ...evidence].join(' ');
    const diagnostic = new vscode.Diagnostic(new vscode.Range(0, 0, 0, 0), message, severities[severity]);
    diagnostic.source = 'Xenscope';
    diagnostic.code = rule;
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

  private subject(host: string, { kind, domid }: RingFinding): string {
    return `The ${kindLabels[kind]} ring of ${this.xenscope.hosts.domainName(host, domid)}`;
  }
}

function domainUri(host: string, domid: number): vscode.Uri {
  return vscode.Uri.from({
    scheme,
    authority: host,
    path: uriPath(`/local/domain/${domid}`, 'value'),
  });
}
