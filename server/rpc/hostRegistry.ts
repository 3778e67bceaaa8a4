/**
 * The hosts that a person can choose from: the simulator, the Xen of this machine, and sockets that
 * were added by path. Knows which are connected and how they fare.
 */
import { createHash } from 'node:crypto';
import { XenscopeError } from '../host/errors';
import type { Clock, Timer } from '../host/clock';
import type { Host } from '../host/host';
import type { ApiSettings, HostInfo, TreeChange, WorldInfo } from './api';
import { HostEntry } from './hostEntry';
import type { HostSession } from './hostSession';
import type { LocalXen } from './localXen';
import type { DevicePost } from './deviceFeed';
import type { RingPost } from './ringFeed';
import type { ServingGround } from '../act/pvcallsServing';
import type { ComposerPost } from './pvcallsComposerFeed';
import type { PvCallsPost } from './pvcallsFeed';
import type { InterceptPost } from './pvcallsInterceptFeed';
import type { VchanPost } from './vchanFeed';

/** How often we look whether this machine's Xen can be had now, or no longer. */
export const localXenIntervalMs = 2_000;
/** State pushes are coalesced, so that a short retry does not flicker. */
export const hostsIntervalMs = 50;

export interface HostRegistryOptions {
  readonly clock: Clock;
  /** Absent: no simulator is listed. */
  readonly openSimulator?: (world: WorldInfo) => Promise<Host>;
  /** Absent: no socket is opened because an editor names it. */
  readonly openSocket?: (path: string) => Host;
  /** The host `local`. */
  readonly localXen: LocalXen;
  /** As EditorServerOptions.pvcalls. */
  readonly pvcalls: ServingGround | undefined;
  readonly mayWriteFiles: boolean;
  readonly seed: number;
  readonly ringFeatures: WorldInfo['ringFeatures'];
  readonly settings: ApiSettings;
  readonly onHosts: () => void;
  readonly onTreeChanges: (host: string, changes: readonly TreeChange[]) => void;
  readonly onDomains: (host: string) => void;
  readonly onRings: RingPost;
  readonly onDevices: DevicePost;
  readonly onVchans: VchanPost;
  readonly onSockets: PvCallsPost;
  readonly onComposers: ComposerPost;
  readonly onIntercepts: InterceptPost;
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
    const { seed, ringFeatures, settings, openSimulator } = options;
    if (openSimulator) {
      this.#add({
        id: 'simulator',
        kind: 'simulator',
        label: 'Simulator',
        removable: false,
        world: { seed, pace: settings.pace, ...(ringFeatures ? { ringFeatures } : {}) },
        open: openSimulator,
      });
    }
    this.#syncSockets();
  }

  /** Looks for this machine's Xen, now and from now on; resolves after the first look. */
  async watchLocalXen(): Promise<void> {
    await this.#lookForXen();
    if (this.#closed) return;
    this.#pollTimer = this.#options.clock.after(localXenIntervalMs, () => void this.watchLocalXen());
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
    this.#entries.get('simulator')?.setPace(settings.pace);
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
    const { openSocket } = this.#options;
    if (!openSocket) return;
    const wanted = new Map(
      this.#settings.sockets.filter((path) => path !== '').map((path) => [socketId(path), path]),
    );
    for (const [id, path] of wanted) if (!this.#entries.has(id)) this.#addSocket(id, path, openSocket);
    for (const entry of this.#entries.values()) {
      if (entry.info.removable && !wanted.has(entry.info.id)) this.#drop(entry);
    }
  }

  async #lookForXen(): Promise<void> {
    const { localXen } = this.#options;
    const found = await localXen.look(this.#settings.rootServer);
    if (this.#closed) return;
    let entry = this.#entries.get('local');
    if (!found) {
      // While somebody looks at it, it stays: it is shown as away and may come back.
      if (!entry || entry.sessionIfOpen) return;
      this.#drop(entry);
      return this.#pushSoon();
    }
    if (!entry) {
      this.#add({
        id: 'local',
        kind: 'machine',
        label: 'This machine’s Xen',
        removable: false,
        open: () => localXen.open(),
      });
      entry = this.entry('local');
    }
    entry.note(found);
  }

  #addSocket(id: string, socketPath: string, openSocket: (path: string) => Host): void {
    const open = () => Promise.resolve(openSocket(socketPath));
    this.#add({ id, kind: 'socket', label: shortName(socketPath), socketPath, removable: true, open });
  }

  #add(source: ConstructorParameters<typeof HostEntry>[0]): void {
    const { id } = source;
    const entry = new HostEntry(source, {
      clock: this.#options.clock,
      mayWriteFiles: this.#options.mayWriteFiles,
      allowDomain0Edits: () => this.#settings.allowDomain0Edits,
      onChange: () => this.#pushSoon(),
      onClosed: () => this.#push(),
      onTreeChanges: (changes) => this.#options.onTreeChanges(id, changes),
      onDomains: () => this.#options.onDomains(id),
      rings: { host: id, ...this.#options.onRings },
      devices: this.#options.onDevices,
      vchans: this.#options.onVchans,
      sockets: this.#options.onSockets,
      composers: this.#options.onComposers,
      intercepts: this.#options.onIntercepts,
      pvcalls: this.#options.pvcalls,
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
