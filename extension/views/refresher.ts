/**
 * Tells VS Code which elements of a tree view changed, at a pace that it can follow. It draws the
 * first news at once and then waits until 200 ms passed without any: news that come steadily and
 * closer together than that are not drawn at all. So we gather them and tell less often.
 */
import { Signal } from '../signal';

export const refreshEveryMs = 250;

export class Refresher<T> {
  private readonly told = new Signal<T[] | undefined>();
  private gathered = new Set<T>();
  private everything = false;
  private nextAtMs = 0;
  private timer: NodeJS.Timeout | undefined;

  /** The elements that changed; undefined: the whole view. Fit for `TreeDataProvider.onDidChangeTreeData`. */
  readonly event = this.told.event;

  /** Nothing given: the whole view. */
  refresh(elements?: readonly T[]): void {
    if (elements === undefined) this.everything = true;
    else for (const element of elements) this.gathered.add(element);
    if (this.timer === undefined) this.wait();
  }

  /** Tells what was gathered now: VS Code finds a new element only when it has been told of it. */
  flush(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.tell();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private wait(): void {
    this.timer = setTimeout(() => this.due(), Math.max(0, this.nextAtMs - performance.now()));
  }

  /**
   * A timer that was started late in a long turn of the event loop counts from the beginning of that
   * turn and comes too early. Told then, VS Code would start its 200 ms again, and again.
   */
  private due(): void {
    if (performance.now() < this.nextAtMs) this.wait();
    else this.tell();
  }

  private tell(): void {
    const elements = this.everything ? undefined : [...this.gathered];
    this.timer = undefined;
    this.gathered = new Set();
    this.everything = false;
    this.told.fire(elements);
    // VS Code counts from when it has taken the news in, which may take a while.
    this.nextAtMs = performance.now() + refreshEveryMs;
  }
}
