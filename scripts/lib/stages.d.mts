export interface Tally {
  readonly passed: number;
  readonly failures: { title: string; file?: string; error: string }[];
  readonly skipped: { title: string; file?: string; why: string }[];
}
export interface StageOptions {
  readonly timeoutMs: number;
  readonly testTimeoutMs: number;
  readonly retries?: number;
  readonly beginAnew?: boolean;
  /** Files side by side; 1 when absent. */
  readonly jobs?: number;
  readonly onLine?: (line: string) => void;
}
export function passed(count: number): Tally;
export function skipped(title: string, why: string): Tally;
export function sum(tallies: readonly Tally[]): Tally;
export function withoutSkips(tally: Tally): Tally;
export function mochaStage(name: string, specs: readonly string[], options: StageOptions): Promise<Tally>;
export function reportedTally(
  name: string,
  report: string,
  ended: { readonly code: number | null; readonly output: string },
  mayBeEmpty?: boolean,
): Tally;
