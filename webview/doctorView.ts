/** What a doctor says, at the head of a page: the verdict, and what was seen that led to it. */
import { element } from './kit';
import { type Severity, severityIcon } from './page';

export interface Said {
  readonly severity: Severity;
  readonly text: string;
  readonly evidence: readonly string[];
}

export class DoctorView {
  /** In this order on the page. */
  readonly parts: readonly [verdict: HTMLElement, evidence: HTMLElement];
  private readonly verdict = element('p', { className: 'verdict' });
  private readonly evidence = element('ul', { className: 'evidence' });

  constructor() {
    this.evidence.setAttribute('aria-label', 'What was seen');
    this.parts = [this.verdict, this.evidence];
  }

  /** Drawn anew when it changes only: a screen reader stays where it is. */
  show({ severity, text, evidence }: Said): void {
    const key = `${severity} ${text}`;
    if (this.verdict.dataset.key !== key) {
      this.verdict.dataset.key = key;
      this.verdict.className = `verdict ${severity}`;
      this.verdict.replaceChildren(severityIcon(severity), ` ${text}`);
    }
    const lines = JSON.stringify(evidence);
    if (this.evidence.dataset.lines === lines) return;
    this.evidence.dataset.lines = lines;
    this.evidence.replaceChildren(...evidence.map((line) => element('li', { text: line })));
  }
}

/** The first diagnosis is the verdict; what the others say is told with what was seen. */
export function saidOf(diagnoses: readonly Said[]): Said {
  const [{ severity, text } = { severity: 'fine' as const, text: '' }] = diagnoses;
  const evidence = diagnoses.flatMap(({ text: also, evidence: seen }, place) =>
    place === 0 ? seen : [`Also: ${also}.`, ...seen],
  );
  return { severity, text, evidence };
}
