/**
 * The hosts that a person can choose from: the simulator, a local xenstored whose socket exists,
 * and sockets that were added by path. Knows which are connected and how they fare.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { XenscopeError } from '../host/errors';
import type { Clock, Timer } from '../host/clock';
import type { Host } from '../host/host';
import type { ApiSettings, HostInfo, TreeChange, WorldInfo } from './api';
import { HostEntry } from './hostEntry';
import type { HostSession } from './hostSession';
import type { RingPost } from './ringFeed';

/** How often we look for a local xenstored that was started, or is gone. */
export const localSocketIntervalMs = 2_000;
/** State pushes are coalesced, so that a short retry does not flicker. */
export const hostsIntervalMs = 50;

export interface HostRegistryOptions {
  readonly clock: Clock;
  readonly openSimulator: (world: WorldInfo) => Promise<Host>;
  readonly openSocket: (path: string) => Host;
  /** Where a xenstored of this machine listens; the first that exists is `local`. */
  readonly localSocketPaths: readonly string[];
  readonly seed: number;
  readonly settings: ApiSettings;
  readonly onHosts: () => void;
  readonly onTreeChanges: (host: string, changes: readonly TreeChange[]) => void;
  readonly onDomains: (host: string) => void;
  readonly onRings: RingPost;
  readonly onWorld: (host: string) => void;
  /** A sentence for the log. */
  readonly log: (host: string, sentence: string) => void;
}

export class HostRegistry {
  readonly #options: HostRegistryOptions;
  readonly #entries = new Map<string, HostEntry>();
  #settings: ApiSettings;
  #pushTimer: Timer | undefined;
  #pollTimer: Timer | undefined;
  #closed = false;

  constructor(options: HostRegistryOptions) {
    this.#options = options;
    this.#settings = options.settings;
    const { seed, settings, openSimulator } = options;
    this.#add({
      id: 'simulator',
      kind: 'simulator',
      label: 'Simulator',
      removable: false,
      world: { seed, pace: settings.pace },
      open: openSimulator,
    });
    this.#syncSockets();
  }

  /** Looks for a local socket, now and from now on; resolves after the first look. */
  async watchLocalSockets(): Promise<void> {
    await this.#findLocal();
    if (this.#closed) return;
    this.#pollTimer = this.#options.clock.after(localSocketIntervalMs, () => void this.watchLocalSockets());
  }

  get hosts(): readonly HostInfo[] {
    return [...this.#entries.values()].sort((left, right) => left.rank - right.rank).map(({ info }) => info);
  }

  entry(id: string): HostEntry {
    const entry = this.#entries.get(id);
    if (entry) return entry;
    throw new XenscopeError('input', `There is no host "${id.slice(0, 80)}".`, {
      wayOut: 'Choose one from the view Hosts.',
    });
  }

  session(id: string): HostSession {
    return this.entry(id).session;
  }

  /** Undefined as well for a host that was removed meanwhile. */
  sessionIfOpen(id: string): HostSession | undefined {
    return this.#entries.get(id)?.sessionIfOpen;
  }

  /** All that are connected, or away. */
  get sessions(): readonly HostSession[] {
    return [...this.#entries.values()].flatMap((entry) => entry.sessionIfOpen ?? []);
  }

  applySettings(settings: ApiSettings): void {
    this.#settings = settings;
    this.entry('simulator').setPace(settings.pace);
    this.#syncSockets();
    this.#pushSoon();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#pushTimer?.cancel();
    this.#pollTimer?.cancel();
    await Promise.all([...this.#entries.values()].map((entry) => entry.disconnect().catch(() => undefined)));
  }

  /** ---- sockets that come and go ---- */

  #syncSockets(): void {
    const wanted = new Map(
      this.#settings.sockets.filter((path) => path !== '').map((path) => [socketId(path), path]),
    );
    for (const [id, path] of wanted)
      if (!this.#entries.has(id)) this.#addSocket(id, shortName(path), path, true);
    for (const entry of this.#entries.values()) {
      if (entry.info.removable && !wanted.has(entry.info.id)) this.#drop(entry);
    }
  }

  async #findLocal(): Promise<void> {
    const found = await firstSocket(this.#options.localSocketPaths);
    if (this.#closed) return;
    const entry = this.#entries.get('local');
    if (found === entry?.info.socketPath) return;
    // While somebody looks at it, it stays: it is shown as away and may come back.
    if (entry?.sessionIfOpen) return;
    if (entry) this.#drop(entry);
    if (found !== undefined) this.#addSocket('local', 'Local xenstored', found, false);
    this.#pushSoon();
  }

  #addSocket(id: string, label: string, socketPath: string, removable: boolean): void {
    const open = () => Promise.resolve(this.#options.openSocket(socketPath));
    this.#add({ id, kind: 'socket', label, socketPath, removable, open });
  }

  #add(source: ConstructorParameters<typeof HostEntry>[0]): void {
    const { id } = source;
    const entry = new HostEntry(source, {
      clock: this.#options.clock,
      allowDomain0Edits: () => this.#settings.allowDomain0Edits,
      onChange: () => this.#pushSoon(),
      onClosed: () => this.#push(),
      onTreeChanges: (changes) => this.#options.onTreeChanges(id, changes),
      onDomains: () => this.#options.onDomains(id),
      rings: { host: id, ...this.#options.onRings },
      onWorld: () => this.#options.onWorld(id),
      log: (sentence) => this.#options.log(id, sentence),
    });
    this.#entries.set(id, entry);
  }

  #drop(entry: HostEntry): void {
    this.#entries.delete(entry.info.id);
    entry.disconnect().catch(() => undefined);
  }

  #pushSoon(): void {
    if (this.#closed) return;
    this.#pushTimer ??= this.#options.clock.after(hostsIntervalMs, () => this.#push());
  }

  #push(): void {
    if (this.#closed) return;
    this.#pushTimer?.cancel();
    this.#pushTimer = undefined;
    this.#options.onHosts();
  }
}

function socketId(path: string): string {
  return `socket-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`;
}

/** `xenstored/socket`: a whole path would leave no room for how the host fares. */
function shortName(path: string): string {
  return path.split('/').filter(Boolean).slice(-2).join('/') || path;
}

async function firstSocket(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isSocket = await stat(path).then(
      (stats) => stats.isSocket(),
      () => false,
    );
    if (isSocket) return path;
  }
  return undefined;
}
