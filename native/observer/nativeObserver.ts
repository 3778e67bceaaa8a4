/**
 * Looks at the rings of all domains of a real host. It never writes, it maps a page only while somebody
 * looks at it, and lets go at once when any domain dies: a mapping keeps a dead domain from going away.
 */
import type { Clock, Timer } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { SharedMemory } from '../../server/host/memory';
import type { ObservedPage, Observer } from '../../server/host/observer';
import type { StoreClient } from '../../server/host/storeClient';
import type { DeviceRing } from '../../server/wire/deviceRings/deviceRing';
import { DeviceFinder } from './deviceFinder';
import { DomainFinder } from './domainFinder';
import type { FoundDomain } from './domainFinder';
import { fairShare, leftOutText } from './fairShare';
import { idOf, isSamePlace, refusedKeyOf } from './places';
import { RingPage, type ToldRings, retryMs } from './ringPage';
import type { MappedRing, RingPlace } from './ringPages';
import { flexRingsBytes, socketRings, vchanRingBytes } from './vchanPages';

/** Nobody looked for so long: the page is let go. The samplers of views look far more often. */
export const leaseMs = 2_000;
export { retryMs } from './ringPage';
/** Of all domains together; guests can announce as many as they like. */
const defaultMaxVchanPages = 512;
const defaultMaxDeviceRings = 2_048;
/** Data rings of sockets, which no node names. */
const maxNamedRings = 1_024;

export interface NativeObserverOptions {
  /** A connection of its own, which the observer closes. */
  readonly store: StoreClient;
  readonly clock: Clock;
  /** Whether the ring of domain 0 itself can be seen: nobody granted it, so that takes another way. */
  readonly seesDomain0: boolean;
  readonly maxVchanPages?: number;
  readonly maxDeviceRings?: number;
  /** Hears what is left out, and why. */
  readonly log?: (line: string) => void;
  /** Throws a XenscopeError where a page cannot be mapped now. */
  map(place: RingPlace): MappedRing;
}

export class NativeObserver implements Observer {
  readonly #options: NativeObserverOptions;
  readonly #finder: DomainFinder;
  readonly #devices: DeviceFinder;
  /** As the finders told them last. */
  #domains: readonly FoundDomain[] = [];
  #deviceRings: readonly DeviceRing[] = [];
  /** Rings that no node names, by who named them. */
  readonly #named = new Map<object, readonly DeviceRing[]>();
  readonly #pages = new Map<string, RingPage>();
  readonly #listeners = new Set<() => void>();
  /** Vchans whose page was none of ours, by node and grant: when that was found out. */
  readonly #refused = new Map<string, number>();
  /** What was wrong with those that are refused, in words. */
  readonly #whyNot = new Map<string, string>();
  #leavesVchansOut = false;
  #leavesRingsOut = false;
  #sweep: Timer | undefined;
  #retry: Timer | undefined;
  #isClosed = false;

  constructor(options: NativeObserverOptions) {
    this.#options = options;
    this.#finder = new DomainFinder(options.store, options.clock, {
      changed: (domains) => {
        this.#domains = domains;
        this.#list();
      },
      // Which domain it was is found out later; until then nothing of any must be held.
      released: () => this.#letGo(() => true),
      limited: (why) => options.log?.(why),
    });
    this.#devices = new DeviceFinder(options.store, options.clock, {
      changed: (rings) => {
        this.#deviceRings = rings;
        this.#list();
      },
      // A frontend that closes wants its pages back at once.
      moved: ({ domid, deviceClass, devid }) => {
        for (const page of this.#pages.values()) {
          const { device } = page;
          if (page.domid === domid && device?.deviceClass === deviceClass && device.devid === devid)
            page.pause();
        }
      },
      limited: (why) => options.log?.(why),
    });
  }

  pages(): readonly ObservedPage[] {
    return [...this.#pages.values()];
  }

  onChange(listener: () => void): () => void {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  nameRings(namer: object, rings: readonly DeviceRing[]): void {
    if (this.#isClosed) return;
    if (rings.length === 0) this.#named.delete(namer);
    else this.#named.set(namer, rings);
    this.#list();
  }

  whyUnseen(ring: DeviceRing): string | undefined {
    const place: RingPlace = { kind: 'device', domid: ring.domid, ring };
    if (this.#pages.has(idOf(place))) return undefined;
    return (
      this.#whyNot.get(refusedKeyOf(place)) ??
      `No more than ${maxNamedRings} rings of sockets are looked at, shared among the domains.`
    );
  }

  /** How many pages are mapped this moment. */
  get mappedPages(): number {
    return [...this.#pages.values()].filter((page) => page.isMapped).length;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweep?.cancel();
    this.#retry?.cancel();
    for (const page of this.#pages.values()) page.end();
    this.#pages.clear();
    this.#devices.close();
    await this.#finder.close();
  }

  #list(): void {
    const wanted = this.#wanted();
    for (const [id, page] of this.#pages) {
      const place = wanted.get(id);
      if (place && isSamePlace(place, page.place)) {
        if (page.device && !this.#devices.isMoving(page.device)) page.resume();
        continue;
      }
      page.end();
      this.#pages.delete(id);
    }
    for (const [id, place] of wanted) {
      if (this.#pages.has(id)) continue;
      const page = this.#page(id, place);
      if (!page) continue;
      // It was found by what an end said before it moved.
      if (page.device && this.#devices.isMoving(page.device)) page.pause();
      this.#pages.set(id, page);
    }
    const refusable = new Set([...wanted.values()].map(refusedKeyOf));
    for (const key of this.#refused.keys()) if (!refusable.has(key)) this.#refused.delete(key);
    for (const key of this.#whyNot.keys()) if (!refusable.has(key)) this.#whyNot.delete(key);
    for (const listener of [...this.#listeners]) listener();
  }

  /** By id. Beyond the limit vchans are left out, those of the domains that offer the most. */
  #wanted(): Map<string, RingPlace> {
    const maxVchanPages = this.#options.maxVchanPages ?? defaultMaxVchanPages;
    const places = this.#domains.flatMap((domain) => this.#placesOf(domain));
    const vchans = places.filter(({ kind }) => kind === 'vchan');
    const { leftOut } = fairShare(vchans, maxVchanPages);
    // Told once, and again only when there was room meanwhile.
    if (leftOut.length > 0 && !this.#leavesVchansOut) {
      this.#options.log?.(
        `The domains announce ${vchans.length} vchans; ${maxVchanPages} are looked at, ` +
          `shared among the domains. ${leftOutText(leftOut)}`,
      );
    }
    this.#leavesVchansOut = leftOut.length > 0;
    const unseen = new Set<RingPlace>(leftOut);
    const seen = [...places.filter((place) => !unseen.has(place)), ...this.#devicePlaces()];
    return new Map(seen.map((place) => [idOf(place), place]));
  }

  /** What a dead domain left in the store does not count. */
  #devicePlaces(): RingPlace[] {
    const maxDeviceRings = this.#options.maxDeviceRings ?? defaultMaxDeviceRings;
    const there = new Set(this.#domains.map(({ domid }) => domid));
    const rings = this.#deviceRings.filter(({ domid }) => this.#finder.isLimited || there.has(domid));
    const { taken, leftOut } = fairShare(rings, maxDeviceRings);
    if (leftOut.length > 0 && !this.#leavesRingsOut) {
      this.#options.log?.(
        `Devices share ${rings.length} rings with this domain; ${maxDeviceRings} are looked at, ` +
          `shared among the domains. ${leftOutText(leftOut)}`,
      );
    }
    this.#leavesRingsOut = leftOut.length > 0;
    const named = [...this.#named.values()].flat().filter(({ domid }) => there.has(domid));
    return [...taken, ...fairShare(named, maxNamedRings).taken].map((ring) => ({
      kind: 'device',
      domid: ring.domid,
      ring,
    }));
  }

  #placesOf({ domid, storeFrame, consoleFrame, hasConsole, vchans }: FoundDomain): RingPlace[] {
    const places: RingPlace[] = vchans.map((node) => ({ kind: 'vchan', domid, ...node }));
    if (domid > 0 || this.#options.seesDomain0) places.push({ kind: 'xenstore', domid, frame: storeFrame });
    if (domid > 0 && hasConsole) places.push({ kind: 'console', domid, frame: consoleFrame });
    return places;
  }

  #page(id: string, place: RingPlace): RingPage | undefined {
    const format = place.kind === 'device' ? place.ring.format.kind : undefined;
    const tells = place.kind === 'vchan' || format === 'flex' || format === 'pvcallsData';
    const told = tells ? this.#toldBy(place) : {};
    if (!told) return undefined;
    return new RingPage(id, place, told, this.#options.clock, (asked) => {
      // Also where it cannot be mapped: its domain may be gone, and nobody else tells that.
      this.#sweepLater();
      return this.#options.map(asked);
    });
  }

  /** Undefined when the page is lent to another domain than ours, or is not what it should be. */
  #toldBy(place: RingPlace): ToldRings | undefined {
    const key = refusedKeyOf(place);
    const nowMs = this.#options.clock.nowMs();
    // Mapping holds up everybody, and a guest decides how often it comes to this.
    const waitMs = (this.#refused.get(key) ?? -Infinity) + retryMs - nowMs;
    if (waitMs > 0) {
      this.#listLater(waitMs);
      return undefined;
    }
    this.#refused.delete(key);
    const told = this.#lookAtRings(place);
    if (typeof told !== 'string') {
      this.#whyNot.delete(key);
      return told;
    }
    this.#refused.set(key, nowMs);
    this.#whyNot.set(key, told);
    return undefined;
  }

  /** A sentence where that cannot be told. */
  #lookAtRings(place: RingPlace): ToldRings | string {
    try {
      const { memory, unmap } = this.#options.map(place);
      try {
        return toldOf(place, memory) ?? 'What is lent there is no page of indices.';
      } finally {
        unmap();
      }
    } catch (error) {
      if (error instanceof XenscopeError) return error.message;
      throw error;
    }
  }

  /** What has changed since a page was refused is not lost, though it is not looked at before its time. */
  #listLater(waitMs: number): void {
    if (this.#isClosed) return;
    this.#retry ??= this.#options.clock.after(Math.min(waitMs, retryMs), () => {
      this.#retry = undefined;
      this.#list();
    });
  }

  #sweepLater(): void {
    if (this.#isClosed || this.#sweep) return;
    this.#sweep = this.#options.clock.after(leaseMs, () => {
      this.#sweep = undefined;
      if (!this.#finder.hearsReleases) this.#finder.look();
      const oldest = this.#options.clock.nowMs() - leaseMs;
      this.#letGo((page) => page.lookedAtMs <= oldest);
      if (this.mappedPages > 0) this.#sweepLater();
    });
  }

  #letGo(which: (page: RingPage) => boolean): void {
    for (const page of this.#pages.values()) if (which(page)) page.letGo();
  }
}

function toldOf(place: RingPlace, memory: SharedMemory): ToldRings | undefined {
  if (place.kind === 'device' && place.ring.format.kind === 'pvcallsData') return socketRings(memory);
  const ringBytes = place.kind === 'vchan' ? vchanRingBytes(memory) : flexRingsBytes(memory);
  return ringBytes && { ringBytes };
}
