/**
 * What our own ends of devices find wrong with the other side, for whoever tells of it. An end that was reported
 * under the same name takes the place of the one before.
 */

/** All of one kind that an end found. */
export interface EndFinding {
  /** Stable, e.g. `badRequest`. */
  readonly kind: string;
  /** The last of them, in one sentence. */
  readonly text: string;
  readonly count: number;
}

export interface EndReport {
  readonly side: 'frontend' | 'backend';
  readonly findings: () => readonly EndFinding[];
  /** What a later device of the same name is not to be told: this end was closed, and its device with it. */
  readonly isGone?: () => boolean;
}

/** The one that was reported longest ago is dropped. */
const maxReports = 1_024;

export class EndReports {
  readonly #reports = new Map<string, EndReport & { readonly frontend: string }>();

  /** `frontend`: the folder of the device's frontend, by which both ends are found. */
  add(frontend: string, report: EndReport): void {
    const key = `${report.side} ${frontend}`;
    this.#reports.delete(key);
    this.#reports.set(key, { ...report, frontend });
    const [oldest] = this.#reports.keys();
    if (this.#reports.size > maxReports) this.#reports.delete(oldest!);
  }

  /** Those of this device: of one end, of both, or none. */
  of(frontend: string): readonly EndReport[] {
    const all = (['frontend', 'backend'] as const).flatMap(
      (side) => this.#reports.get(`${side} ${frontend}`) ?? [],
    );
    return all.filter(({ isGone }) => !isGone?.());
  }
}
