/** Joins the reports of all watches into at most 20 messages a second. */
import type { Clock, Timer } from '../host/clock';
import { type Report, reportIntervalMs } from '../model/watchLog';
import type { WatchReport } from './api';

export class ReportOutbox {
  readonly #clock: Clock;
  readonly #send: (reports: readonly WatchReport[]) => void;
  /** Bounded by what each watch hands out per interval, times the number of watches. */
  #waiting: WatchReport[] = [];
  #timer: Timer | undefined;
  #nextMs = 0;

  constructor(clock: Clock, send: (reports: readonly WatchReport[]) => void) {
    this.#clock = clock;
    this.#send = send;
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
    this.#timer ??= this.#clock.after(Math.max(0, this.#nextMs - this.#clock.nowMs()), () => this.#flush());
  }

  close(): void {
    this.#timer?.cancel();
    this.#waiting = [];
  }

  #flush(): void {
    this.#timer = undefined;
    this.#nextMs = this.#clock.nowMs() + reportIntervalMs;
    const reports = this.#waiting;
    this.#waiting = [];
    this.#send(reports);
  }
}
