/**
 * Tells VS Code which elements of a tree view changed, at a pace that it can follow. It draws the
 * first news at once and then waits until 200 ms passed without any: news that come steadily and
 * closer together than that are not drawn at all. So we gather them and tell less often. Of a view that is hidden it
 * keeps each news for later, when its rows may be gone: those are not told, and the whole view is once it is seen.
 */
import { Signal } from '../signal';
import type { AnsweredRows } from './answeredRows';

export const refreshEveryMs = 250;

/** VS Code fetches what is below a row when it is drawn: whoever hides or folds it meanwhile is waited for no longer. */
const fetchedWithinMs = 3_000;
const lookAgainMs = 50;

export interface RefresherOptions<T> {
  /** With them one thing is fetched at a time, and rows that are no more are not told. */
  readonly rows?: AnsweredRows<T>;
  /** False when absent. */
  readonly isHidden?: boolean;
}

export class Refresher<T> {
  private readonly told = new Signal<T[] | undefined>();
  private gathered = new Set<T>();
  private everything = false;
  private toldAtMs = 0;
  private nextAtMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private isHidden: boolean;

  constructor(private readonly options: RefresherOptions<T> = {}) {
    this.isHidden = options.isHidden ?? false;
  }

  /** The elements that changed; undefined: the whole view. Fit for `TreeDataProvider.onDidChangeTreeData`. */
  readonly event = this.told.event;

  /** Nothing given: the whole view. */
  refresh(elements?: readonly T[]): void {
    if (elements === undefined) this.everything = true;
    else for (const element of elements) this.gathered.add(element);
    this.begin();
  }

  setHidden(isHidden: boolean): void {
    this.isHidden = isHidden;
    if (isHidden) this.stop();
    // What was not told yet may be about rows that are gone by the time they are seen.
    if (this.gathered.size > 0) this.everything = true;
    this.begin();
  }

  /** Tells what was gathered now: VS Code finds a new element only when it has been told of it. */
  flush(): void {
    if (!this.hasNews) return;
    if (this.isHidden) this.everything = true;
    this.stop();
    this.tell();
  }

  dispose(): void {
    this.stop();
  }

  private get hasNews(): boolean {
    return this.everything || this.gathered.size > 0;
  }

  private begin(): void {
    if (this.timer === undefined && !this.isHidden && this.hasNews) this.wait(this.nextAtMs);
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private wait(untilMs: number): void {
    this.timer = setTimeout(() => this.due(), Math.max(0, untilMs - performance.now()));
  }

  /**
   * A timer that was started late in a long turn of the event loop counts from the beginning of that
   * turn and comes too early. Told then, VS Code would start its 200 ms again, and again.
   */
  private due(): void {
    const nowMs = performance.now();
    if (this.options.rows?.isFetching) {
      if (nowMs - this.toldAtMs >= fetchedWithinMs) this.options.rows.giveUp();
      // What it has just been answered, it has still to draw.
      this.nextAtMs = nowMs + refreshEveryMs;
      return this.wait(nowMs + lookAgainMs);
    }
    if (nowMs < this.nextAtMs) return this.wait(this.nextAtMs);
    this.timer = undefined;
    this.tell();
  }

  private tell(): void {
    const { rows } = this.options;
    const all = this.everything ? undefined : [...this.gathered];
    const { now, later } = all && rows ? rows.tellable(all) : { now: all, later: [] };
    this.gathered = new Set(later);
    this.everything = false;
    if (now === undefined || now.length > 0) {
      for (const row of now ?? [undefined]) rows?.told(row);
      this.told.fire(now && [...now]);
      // VS Code counts from when it has taken the news in, which may take a while.
      this.toldAtMs = performance.now();
      this.nextAtMs = this.toldAtMs + refreshEveryMs;
    }
    this.begin();
  }
}
