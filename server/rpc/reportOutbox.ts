/** Joins the reports of all watches into at most 20 messages a second. */
import type { Clock, Timer } from '../host/clock';
import { type Report, reportIntervalMs } from '../model/watchLog';
import type { WatchReport } from './api';

/** While the editor does not read, the oldest reports are left out, and counted in the next of their watch. */
export const maxWaitingReports = 2_000;

export interface ReportOutboxOptions {
  readonly clock: Clock;
  readonly isBusy: () => boolean;
  readonly send: (reports: readonly WatchReport[]) => void;
}

export class ReportOutbox {
  readonly #options: ReportOutboxOptions;
  #waiting: WatchReport[] = [];
  /** Reports left out, by watch, that no report has told of yet. */
  readonly #dropped = new Map<number, number>();
  #timer: Timer | undefined;
  #nextMs = 0;
  #closed = false;

  constructor(options: ReportOutboxOptions) {
    this.#options = options;
  }

  add(watchId: number, reports: readonly Report[]): void {
    for (const { oldValue, newValue, ...report } of reports) {
      this.#waiting.push({
        ...report,
        watchId,
        oldValue: oldValue?.toString('base64'),
        newValue: newValue?.toString('base64'),
      });
    }
    for (const { watchId: id, dropped } of this.#waiting.splice(
      0,
      this.#waiting.length - maxWaitingReports,
    )) {
      this.#dropped.set(id, (this.#dropped.get(id) ?? 0) + dropped + 1);
    }
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#waiting = [];
  }

  #schedule(): void {
    if (this.#closed) return;
    const { clock } = this.#options;
    this.#timer ??= clock.after(Math.max(0, this.#nextMs - clock.nowMs()), () => this.#flush());
  }

  #flush(): void {
    this.#timer = undefined;
    this.#nextMs = this.#options.clock.nowMs() + reportIntervalMs;
    if (this.#options.isBusy()) return this.#schedule();
    const reports = this.#waiting.map((report) => this.#withDropped(report));
    this.#waiting = [];
    this.#options.send(reports);
  }

  #withDropped(report: WatchReport): WatchReport {
    const dropped = this.#dropped.get(report.watchId);
    if (dropped === undefined) return report;
    this.#dropped.delete(report.watchId);
    return { ...report, dropped: report.dropped + dropped };
  }
}
