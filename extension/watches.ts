/**
 * The paths that the person watches: how often each changed, and its last events. A watch is the
 * editor's own, so it is set again when the server or the host comes back, and when the window does.
 */
import type { WatchReport } from '../server/rpc/api';
import { openHosts, type Remembered, type Server } from './hosts';
import { Signal } from './signal';
import { octetsOf, printable } from './values';

export const maxEventsPerWatch = 50;
/** Over a reload of the window; beyond that the oldest are not kept. */
export const maxKeptWatches = 500;
const keptKey = 'xenscope.watches';
/** Reports of a watch whose number is not known yet: they may overtake the answer to the request. */
const maxEarlyReports = 200;

export interface WatchEvent {
  readonly key: string;
  readonly watch: Watch;
  readonly report: WatchReport;
}

export class Watch {
  /** Of the server that runs now, while the host is not disconnected. */
  watchId: number | undefined;
  count = 0;
  /** Newest first; the oldest are dropped. */
  events: WatchEvent[] = [];
  dropped = 0;
  /** Set again after a time in which nobody watched, and nothing was reported since. */
  mayHaveMissed = false;

  constructor(
    readonly key: string,
    readonly host: string,
    readonly path: string,
  ) {}
}

export class Watches {
  private readonly active: Watch[] = [];
  private early: WatchReport[] = [];
  /** Requests under way, whose reports may come before their answers. */
  private setting = 0;
  private nextKey = 1;
  private readonly changed = new Signal<Watch | undefined>();
  private readonly reported = new Signal<WatchEvent>();
  private readonly setAgain = new Signal<Watch>();

  /** One watch changed, or (undefined) the list of them. */
  readonly onChange = this.changed.event;
  readonly onReport = this.reported.event;
  /** A watch goes on after a time in which it was not set. */
  readonly onSetAgain = this.setAgain.event;

  constructor(
    private readonly server: Server,
    private readonly remembered: Remembered,
    private readonly report: (error: unknown) => void,
  ) {
    for (const { host, path } of keptIn(remembered.get(keptKey))) this.active.push(this.create(host, path));
    server.on('xenscope/watchReports', ({ reports }) => this.take(reports));
    server.onState(({ kind }) => {
      if (kind === 'running') return;
      this.early = [];
      this.lose(this.active);
    });
    server.on('xenscope/hostsChanged', ({ hosts }) => {
      const isOpen = openHosts(hosts);
      this.lose(this.active.filter(({ host }) => !isOpen(host)));
    });
  }

  get list(): readonly Watch[] {
    return this.active;
  }

  find(host: string, path: string): Watch | undefined {
    return this.active.find((watch) => watch.host === host && watch.path === path);
  }

  /** Watching the same path twice gives the same watch. */
  async add(host: string, path: string): Promise<Watch> {
    const known = this.find(host, path);
    if (known) return known;
    const watch = this.create(host, path);
    this.active.push(watch);
    try {
      await this.set(watch);
    } catch (error) {
      this.active.splice(this.active.indexOf(watch), 1);
      throw error;
    }
    this.listChanged();
    return watch;
  }

  async stop(watch: Watch): Promise<void> {
    const index = this.active.indexOf(watch);
    if (index < 0) return;
    this.active.splice(index, 1);
    this.listChanged();
    if (watch.watchId !== undefined)
      await this.server.request('xenscope/unwatch', { watchId: watch.watchId });
  }

  /** The host is connected, perhaps with another server than before: watches that the server lost are set again. */
  async restore(host: string): Promise<void> {
    for (const watch of this.active) {
      if (watch.host !== host || watch.watchId !== undefined) continue;
      watch.mayHaveMissed = true;
      await this.set(watch).catch(this.report);
      if (watch.watchId !== undefined) this.setAgain.fire(watch);
      this.changed.fire(watch);
    }
  }

  private create(host: string, path: string): Watch {
    return new Watch(String(this.nextKey++), host, path);
  }

  private listChanged(): void {
    const kept = this.active.slice(-maxKeptWatches).map(({ host, path }) => ({ host, path }));
    this.remembered.update(keptKey, JSON.stringify(kept));
    this.changed.fire(undefined);
  }

  private lose(watches: readonly Watch[]): void {
    for (const watch of watches) {
      if (watch.watchId === undefined) continue;
      watch.watchId = undefined;
      this.changed.fire(watch);
    }
  }

  private async set(watch: Watch): Promise<void> {
    this.setting++;
    const { watchId } = await this.server
      .request('xenscope/watch', { host: watch.host, path: watch.path })
      .finally(() => this.setting--);
    if (!this.active.includes(watch)) {
      await this.server.request('xenscope/unwatch', { watchId });
      return;
    }
    watch.watchId = watchId;
    const early = this.early.filter((report) => report.watchId === watchId);
    this.early = this.setting === 0 ? [] : this.early.filter((report) => report.watchId !== watchId);
    this.take(early);
  }

  private take(reports: readonly WatchReport[]): void {
    const touched = new Set<Watch>();
    for (const fresh of reports) {
      const watch = this.active.find(({ watchId }) => watchId === fresh.watchId);
      if (!watch) {
        if (this.setting > 0 && this.early.push(fresh) > maxEarlyReports) this.early.shift();
        continue;
      }
      const report: WatchReport = watch.mayHaveMissed ? { missed: 'perhaps', ...fresh } : fresh;
      watch.mayHaveMissed = false;
      watch.count += 1 + report.dropped;
      watch.dropped += report.dropped;
      const event: WatchEvent = { key: `${watch.key}/${watch.count}`, watch, report };
      watch.events.unshift(event);
      watch.events.length = Math.min(watch.events.length, maxEventsPerWatch);
      touched.add(watch);
      this.reported.fire(event);
    }
    for (const watch of touched) this.changed.fire(watch);
  }
}

/** What another window, or another version of ours, may have written: what is no watch is passed over. */
function keptIn(text: string | undefined): Pick<Watch, 'host' | 'path'>[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(kept) ? kept.filter(isKept).slice(-maxKeptWatches) : [];
  } catch {
    return [];
  }
}

function isKept(kept: unknown): kept is Pick<Watch, 'host' | 'path'> {
  const { host, path } = (kept ?? {}) as { host?: unknown; path?: unknown };
  return typeof host === 'string' && typeof path === 'string';
}

/** Beside a watch that was set again, until something happens; and in the log. */
export const setAgainText = 'set again; changes may have been missed';

/** `"4" → "5"`, `created with "1"`, `deleted, was "5"`. */
export function describeChange(report: WatchReport, maxCharacters = 60): string {
  const change = describeValues(report, maxCharacters);
  if (report.missed === 'perhaps') return `changes may have been missed; ${change}`;
  return report.missed === 'found' ? `${change}, at a time that nobody saw` : change;
}

function describeValues(report: WatchReport, maxCharacters: number): string {
  const quote = (value: string) => `"${printable(octetsOf(value), maxCharacters)}"`;
  const { oldValue, newValue, oldUnknown } = report;
  if (newValue === undefined) {
    if (oldUnknown) return 'not there or not readable';
    return oldValue === undefined ? 'not there' : `deleted, was ${quote(oldValue)}`;
  }
  if (oldUnknown) return `is ${quote(newValue)}`;
  if (oldValue === undefined) return `created with ${quote(newValue)}`;
  return oldValue === newValue ? `still ${quote(newValue)}` : `${quote(oldValue)} → ${quote(newValue)}`;
}

/** `12:34:56.789`, local time. */
export function clockTime(timeMs: number): string {
  const time = new Date(timeMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const millis = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${millis}`;
}

/** One line of the log: time, path, old value, new value, count. Values are whole; a store's have at most 4096 octets. */
export function logLine(hostLabel: string, { watch, report }: WatchEvent): string {
  const lost = report.dropped > 0 ? ` (${report.dropped} before it left out: they came too fast)` : '';
  const below = report.path === watch.path ? '' : ` [watch of ${watch.path}]`;
  return `${clockTime(report.timeMs)}  #${watch.count}  ${hostLabel}  ${report.path}${below}  ${describeChange(report, Infinity)}${lost}`;
}
