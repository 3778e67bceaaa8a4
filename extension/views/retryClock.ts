/** Counts down until a host that is away is tried again, for all views that show it. */
import type { Hosts } from '../hosts';
import { Signal } from '../signal';

export class RetryClock {
  private readonly retryAtMs = new Map<string, number>();
  private readonly states = new Map<string, object>();
  private readonly ticked = new Signal<void>();
  private timer: NodeJS.Timeout | undefined;

  /** Once a second, while some host is away. */
  readonly onTick = this.ticked.event;

  constructor(private readonly hosts: Hosts) {
    hosts.onChange(() => this.follow());
  }

  retryInMs(id: string): number {
    return Math.max(0, (this.retryAtMs.get(id) ?? 0) - Date.now());
  }

  dispose(): void {
    clearInterval(this.timer);
  }

  private follow(): void {
    for (const { id, state } of this.hosts.list) {
      // Every message brings new objects; the same words in them do not begin the count again.
      const words = JSON.stringify(state);
      if (JSON.stringify(this.states.get(id)) === words && this.retryInMs(id) > 0) continue;
      this.states.set(id, state);
      if (state.kind === 'away') this.retryAtMs.set(id, Date.now() + state.retryInMs);
      else this.retryAtMs.delete(id);
    }
    const away = this.hosts.list.some(({ state }) => state.kind === 'away');
    if (away) this.timer ??= setInterval(() => this.ticked.fire(), 1000);
    else {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }
}
