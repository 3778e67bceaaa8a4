/** A notification for what is new and serious among the findings of rings. */
import * as vscode from 'vscode';
import type { Subject } from '../problems/subject';
import { openRing } from '../rings/ringProblems';
import type { Findings, Serious } from '../rings/findings';
import { say } from '../say';

export function tellSerious(findings: Findings, subject: Subject): { dispose(): void } {
  return findings.onSerious((serious) => void tell(subject, serious));
}

async function tell(subject: Subject, { host, finding, others }: Serious): Promise<void> {
  const place = { host, id: finding.ring };
  const more = others > 0 ? ` ${others} more like it: see Problems.` : '';
  const { title, command, argument } = openRing(place);
  const answer = await say.warning(`${subject.name(place)}: ${finding.text}.${more}`, title);
  if (answer === title) await vscode.commands.executeCommand(command, argument);
}
