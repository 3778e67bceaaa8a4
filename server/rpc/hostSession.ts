/** One host while it is connected: its store and everything that lives on it. */
import { Acts } from '../act/acts';
import type { ServingGround } from '../act/pvcallsServing';
import { Journal } from '../capture/journal';
import { recorderOf } from '../capture/journalFile';
import { recordIntervalMs } from '../capture/recordHost';
import { recordRings } from '../capture/ringRecorder';
import { diagnoseDevice, joinDiagnoses } from '../doctor/devices/deviceDoctor';
import { diagnose } from '../doctor/doctor';
import { diagnosePvCalls } from '../doctor/pvcalls/pvcallsDoctor';
import { sleep } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { Host, HostRecorder } from '../host/host';
import type { StoreClient, StoreState } from '../host/storeClient';
import { DeviceModel } from '../model/devices/deviceModel';
import { DomainList } from '../model/domains';
import { LiveTree } from '../model/liveTree';
import { OwnCorner } from '../model/ownCorner';
import { listenersAt } from '../model/pvcalls/listeners';
import { PvCallsWatch } from '../model/pvcalls/pvcallsWatch';
import { RingWatch } from '../model/rings/ringWatch';
import { RootFeed } from '../model/rootFeed';
import type { TreeChange } from '../model/treeTypes';
import { type Report, WatchLog } from '../model/watchLog';
import { DeviceFeed } from './deviceFeed';
import type { HostPosts } from './hostPosts';
import { ComposerFeed } from './pvcallsComposerFeed';
import { PvCallsFeed } from './pvcallsFeed';
import { InterceptFeed } from './pvcallsInterceptFeed';
import { RingFeed } from './ringFeed';
import { VchanFeed } from './vchanFeed';
import { hasClient } from './vchanClients';
import { watchWorld } from './worldFeed';

export const maxWatchesPerHost = 100;
const domainsPatienceMs = 2_000;
const noPages = 'Through a socket only the xenstore can be reached, and no memory.';

export interface HostSessionOptions extends HostPosts {
  readonly host: Host;
  readonly allowDomain0Edits: () => boolean;
  readonly onState: (state: StoreState) => void;
  readonly onTreeChanges: (changes: readonly TreeChange[]) => void;
  readonly onDomains: () => void;
  readonly pvcalls: ServingGround | undefined;
  /** Hold, faults or domains of a simulated host changed. */
  readonly onWorld: () => void;
  readonly log: (sentence: string) => void;
}

export class HostSession {
  readonly host: Host;
  readonly store: StoreClient;
  readonly domains: DomainList;
  readonly tree: LiveTree;
  readonly acts: Acts;
  /** Absent where no page can be reached. */
  readonly rings: RingFeed | undefined;
  readonly devices: DeviceFeed;
  readonly vchans: VchanFeed;
  /** What is seen of PV Calls devices. */
  readonly sockets: PvCallsFeed;
  readonly composers: ComposerFeed;
  readonly intercepts: InterceptFeed;
  /** Absent where nothing but the store can be seen. */
  readonly recorder: HostRecorder | undefined;
  readonly #feed: RootFeed;
  readonly #watches = new Map<number, WatchLog>();
  readonly #ends: (() => void)[] = [];
  readonly #ringPost: HostSessionOptions['rings'];
  readonly #calls: PvCallsWatch | undefined;

  constructor(options: HostSessionOptions) {
    const { host, allowDomain0Edits, onState, onTreeChanges, onDomains, onWorld, log } = options;
    const { clock } = host;
    this.host = host;
    const store = (this.store = new OwnCorner(host.openStore(), clock));
    this.#ends.push(store.onStateChange(onState));
    const feed = (this.#feed = new RootFeed(store));
    const lives = host.lives && (() => host.lives!());
    this.domains = new DomainList({ store, clock, feed, lives }, () => {
      onDomains();
      this.tree.domainsChanged();
    });
    const { nameDomain } = this.domains;
    this.tree = new LiveTree({ store, clock, feed, nameDomain, onChanges: onTreeChanges });
    const guard = { store, nameDomain, allowDomain0Edits, isReal: host.kind === 'real' };
    this.acts = new Acts({ ...guard, clock, isHeld: () => host.world?.isHeld ?? false });
    this.#ringPost = options.rings;
    const watch = this.#watchRings();
    this.rings = watch && new RingFeed({ ...this.#ringPost, watch });
    this.intercepts = new InterceptFeed({
      ...options.intercepts,
      hostId: options.rings.host,
      host,
      store,
      nameDomain,
      ground: options.pvcalls,
      log,
    });
    const calls = (this.#calls = watch && this.#watchCalls(watch));
    this.devices = new DeviceFeed({
      ...options.devices,
      host: options.rings.host,
      clock,
      model: (onChange) =>
        new DeviceModel({
          store,
          clock,
          feed,
          hasDomain: (domid) => this.domains.has(domid),
          judge: (device, nowMs) =>
            joinDiagnoses(diagnoseDevice(device, nowMs), calls?.diagnosesOf(device.id) ?? []),
          onChange,
        }),
      onMistake: (error) => log(`The devices could not be told of: ${String(error)}`),
    });
    this.sockets = new PvCallsFeed({
      ...options.sockets,
      host: options.rings.host,
      clock,
      watch: calls,
      devices: () => this.devices.list(),
      nameDomain,
      whyNoPages: () => (watch ? undefined : (host.whyNoRings ?? noPages)),
      onMistake: (error) => log(`The PV Calls devices could not be told of: ${String(error)}`),
    });
    this.vchans = new VchanFeed({
      ...options.vchans,
      hostId: options.rings.host,
      host,
      guard: {
        ...guard,
        hasClient: (server, gref) => hasClient(host, server, gref),
        isLent: (domid, gref) => host.world?.isLent(domid, gref),
      },
      domains: this.domains,
      verdictOf: (ring) => this.rings?.seen(ring)?.verdict,
    });
    this.composers = new ComposerFeed({
      ...options.composers,
      hostId: options.rings.host,
      host,
      guard: { ...guard, ground: options.pvcalls },
      domains: this.domains,
      listeners: (backend) => listenersAt(calls?.devices ?? [], backend),
    });
    this.recorder = host.recorder ?? (watch && this.#record(watch));
    if (host.world) this.#ends.push(watchWorld(host.world, clock, onWorld));
    // Set before the connection is there, so that it is the first request and nothing is missed.
    feed.start().catch((error: XenscopeError) => {
      if (error.code !== 'cancelled') log(`The tree does not follow changes: ${error.message}`);
    });
  }

  /** An editor that asks for rings is told that this host shows none. */
  tellNoRings(): void {
    const { host, send } = this.#ringPost;
    send('xenscope/ringsFrame', { host, whole: true, rings: [], changes: [], gone: [], leftOut: 0 });
  }

  #watchRings(): RingWatch | undefined {
    const { clock, world } = this.host;
    const observer = this.host.observer?.();
    if (!observer) return undefined;
    return new RingWatch({ observer, clock, judge: diagnose, isHeld: () => world?.isHeld ?? false });
  }

  #watchCalls(rings: RingWatch): PvCallsWatch {
    const { clock, world, endReports: reports } = this.host;
    return new PvCallsWatch({
      observer: this.host.observer!(),
      clock,
      rings,
      judge: diagnosePvCalls,
      nameDomain: this.domains.nameDomain,
      isHeld: () => world?.isHeld ?? false,
      reports,
      held: (backend) => this.intercepts.heldAt(backend),
      onDiagnoses: () => this.devices.judgeAnew(),
    });
  }

  /** A host that records nothing by itself is recorded while it is looked at, by the same looks. */
  #record({ sampler }: RingWatch): HostRecorder {
    const journal = new Journal({ clock: this.host.clock });
    this.#ends.push(sampler.listen(recordRings(journal), recordIntervalMs).stop);
    return recorderOf(journal);
  }

  /** Resolves when the store is connected and its domains are known, or when it is away. */
  async settled(): Promise<void> {
    if ((await this.#firstState()).kind !== 'connected') return;
    // A store that hangs shall not hang the connecting as well: names come when they come.
    const enough = new AbortController();
    const patience = sleep(this.host.clock, domainsPatienceMs, enough.signal);
    await Promise.race([this.domains.refresh(), patience]).catch(() => undefined);
    patience.catch(() => undefined);
    enough.abort();
  }

  async watch(watchId: number, path: string, onReports: (reports: readonly Report[]) => void): Promise<void> {
    if (this.#watches.size >= maxWatchesPerHost) {
      throw new XenscopeError('limit', `${maxWatchesPerHost} watches are set on this host already.`, {
        wayOut: 'End one of them first.',
      });
    }
    const { store } = this;
    this.#watches.set(watchId, await WatchLog.open({ store, clock: this.host.clock, path, onReports }));
  }

  /** Whether there was such a watch. */
  async unwatch(watchId: number): Promise<boolean> {
    const log = this.#watches.get(watchId);
    this.#watches.delete(watchId);
    await log?.close();
    return log !== undefined;
  }

  async close(): Promise<void> {
    try {
      await Promise.all([this.vchans.close(), this.composers.close(), this.intercepts.close()]);
      for (const end of this.#ends) end();
      this.sockets.close();
      this.#calls?.close();
      this.rings?.close();
      this.devices.close();
      this.tree.close();
      this.domains.close();
      // Not awaited before the store is closed: one that hangs would never answer to the last words.
      const parts = [...this.#watches.values(), this.#feed].map((part) =>
        part.close().catch(() => undefined),
      );
      await this.store.close();
      await Promise.all(parts);
    } finally {
      // Whatever goes wrong in one view of it: a host that stays open would live on unseen.
      await this.host.close();
    }
  }

  #firstState(): Promise<StoreState> {
    return new Promise((resolve) => {
      const { state } = this.store;
      if (state.kind !== 'connecting') return resolve(state);
      const stop = this.store.onStateChange((next) => {
        if (next.kind === 'connecting') return;
        stop();
        resolve(next);
      });
    });
  }
}
