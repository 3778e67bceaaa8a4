/**
 * What the doctors find problems of, rings and devices, and their problems as a text to read: what a click on
 * a problem opens. Knows nothing of VS Code.
 */

/** One ring, or one device, of one host. */
export interface Place {
  readonly host: string;
  readonly id: string;
}

export interface Problem {
  readonly severity: 'note' | 'warning' | 'error';
  readonly rule: string;
  readonly text: string;
  readonly evidence: readonly string[];
}

/** What can be done about it: a command with its argument. */
export interface Remedy {
  readonly title: string;
  readonly command: string;
  readonly argument: object;
}

export interface Subject {
  /** Of the addresses of its documents. */
  readonly scheme: string;
  /** What a document without problems says. */
  readonly nothingWrong: string;
  /** By id. */
  problems(host: string): ReadonlyMap<string, readonly Problem[]>;
  onChange(listener: (host: string) => void): { dispose(): void };
  /** `The xenstore ring of web (2)`. */
  name(place: Place): string;
  /** How an id is called where VS Code lists files, e.g. `/domain 3/vif 0`. */
  fileName(id: string): string;
  /** The first leads to it. */
  remedies(place: Place): readonly Remedy[];
}

export interface ProblemText {
  readonly text: string;
  /** For each problem the line that says it, counted from 0. */
  readonly lines: readonly number[];
}

export function problemText(title: string, problems: readonly Problem[], nothingWrong: string): ProblemText {
  const all = [title, ''];
  const lines: number[] = [];
  for (const { severity, rule, text, evidence } of problems) {
    lines.push(all.length);
    all.push(`${severity}: ${text} (rule ${rule})`, ...evidence.map((line) => `    ${line}`), '');
  }
  if (problems.length === 0) all.push(nothingWrong, '');
  return { text: all.join('\n'), lines };
}

/** A link that VS Code runs as a command. */
export function remedyLink({ command, argument }: Remedy): string {
  return `command:${command}?${encodeURIComponent(JSON.stringify([argument]))}`;
}

/** The problems of a host by what they are problems of, in the order in which they were told. */
export function byId<Finding extends Problem>(
  findings: readonly Finding[],
  idOf: (finding: Finding) => string,
): ReadonlyMap<string, readonly Finding[]> {
  const all = new Map<string, Finding[]>();
  for (const finding of findings) {
    const list = all.get(idOf(finding));
    if (list) list.push(finding);
    else all.set(idOf(finding), [finding]);
  }
  return all;
}
