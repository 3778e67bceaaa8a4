/** What the doctor said of a ring last, and what of it somebody should know. */
import type { RingDiagnosis, RingFinding, RingRow, RingVerdict } from './ringTypes';

export class Judgement {
  diagnoses: readonly RingDiagnosis[] = [];
  findings: readonly RingFinding[] = [];
  /** The same object until its words change; undefined before the first time. */
  verdict: RingVerdict | undefined;
  readonly #ring: Pick<RingRow, 'id' | 'domid' | 'kind'>;

  constructor(ring: Pick<RingRow, 'id' | 'domid' | 'kind'>) {
    this.#ring = ring;
  }

  /** At least one, the most serious first. */
  take(diagnoses: readonly RingDiagnosis[]): void {
    this.diagnoses = diagnoses;
    const verdict = diagnoses[0]!;
    if (!this.verdict || !isSameVerdict(verdict, this.verdict)) this.verdict = verdictOf(verdict);
    this.findings = diagnoses.flatMap((diagnosis) => this.#finding(diagnosis));
  }

  #finding({ rule, severity, text, evidence, direction }: RingDiagnosis): RingFinding[] {
    if (severity === 'fine') return [];
    const { id: ring, domid, kind } = this.#ring;
    const id = [ring, direction ?? '', rule].join('/');
    return [{ id, ring, domid, kind, rule, severity, text, evidence }];
  }
}

/** Without the direction that it was found in. */
function verdictOf({ rule, severity, text, evidence }: RingDiagnosis): RingVerdict {
  return { rule, severity, text, evidence };
}

function isSameVerdict(one: RingVerdict, other: RingVerdict): boolean {
  return (
    one.rule === other.rule &&
    one.text === other.text &&
    one.evidence.length === other.evidence.length &&
    one.evidence.every((line, at) => line === other.evidence[at])
  );
}
