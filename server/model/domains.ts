/**
 * The domains of a host: those of the xenstore with their names, kept current by the root feed, and where
 * the hypervisor can be asked those that it has, with how they are. Nobody tells of that, so it is asked.
 */
import { XenscopeError } from '../host/errors';
import type { Clock, Timer } from '../host/clock';
import type { DomainLife } from '../host/domainLife';
import type { StoreClient } from '../host/storeClient';
import { DomainStates } from './domainStates';
import { readMany } from './readMany';
import type { RootFeed } from './rootFeed';
import type { Domain } from './treeTypes';

const root = '/local/domain';
const namePath = /^\/local\/domain(?:\/[0-9]+(?:\/name)?)?$/;
/** A domain that appears is written path by path: its `name` need not be the first. */
const anyDomainPath = /^\/local\/domain\/([0-9]+)(?:\/|$)/;
const intervalMs = 50;
/** Xen has fewer domids than that; a hostile store may list more names. */
const maxDomains = 32768;
export const livesIntervalMs = 1_000;

export interface DomainListOptions {
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly feed: RootFeed;
  /** All domains that the hypervisor has; absent, or undefined, where it cannot be asked. */
  readonly lives?: (() => readonly DomainLife[] | undefined) | undefined;
}

export class DomainList {
  readonly #store: StoreClient;
  readonly #clock: Clock;
  readonly #lives: DomainListOptions['lives'];
  readonly #onChange: (domains: readonly Domain[]) => void;
  /** As the xenstore has them. */
  #inStore: readonly Domain[] = [];
  readonly #states: DomainStates;
  #byDomid = new Map<number, Domain>();
  #timer: Timer | undefined;
  #livesTimer: Timer | undefined;
  #reading: Promise<void> | undefined;
  #closed = false;

  constructor(
    { store, clock, feed, lives }: DomainListOptions,
    onChange: (domains: readonly Domain[]) => void,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#lives = lives;
    this.#states = new DomainStates(clock);
    this.#onChange = onChange;
    feed.add({ onPath: (path) => this.#onPath(path), onResync: () => this.#refreshSoon() });
  }

  /** In order of domid. */
  get all(): readonly Domain[] {
    return [...this.#byDomid.values()];
  }

  /** Whether it lives, or may again; one of which only something is left does not count. */
  has(domid: number): boolean {
    const domain = this.#byDomid.get(domid);
    return domain !== undefined && !domain.isGone;
  }

  /** `web (3)`, `Domain-0 (0)`, or `domain 3` when it has no name or does not exist. */
  readonly nameDomain = (domid: number): string => {
    const name = this.#byDomid.get(domid)?.name;
    return name ? `${name} (${domid})` : `domain ${domid}`;
  };

  /** Reads the list anew; resolves when it is current. */
  async refresh(): Promise<void> {
    // One refresh at a time; a second caller waits for one that starts after its call.
    while (this.#reading) await this.#reading;
    this.#reading = this.#read().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#livesTimer?.cancel();
  }

  #onPath(path: string): void {
    if (this.#timer || !path.startsWith(root)) return;
    if (namePath.test(path)) return this.#refreshSoon();
    const match = anyDomainPath.exec(path);
    if (match && !this.#byDomid.has(Number(match[1]))) this.#refreshSoon();
  }

  #refreshSoon(): void {
    if (this.#closed) return;
    this.#timer ??= this.#clock.after(intervalMs, () => {
      this.#timer = undefined;
      // A store that went away meanwhile reports a resync when it is back.
      this.refresh().catch(() => undefined);
    });
  }

  async #read(): Promise<void> {
    const domids = (await this.#listNames()).filter((name) => /^[0-9]{1,5}$/.test(name)).map(Number);
    domids.sort((left, right) => left - right);
    const domains = await readMany(domids.slice(0, maxDomains), (domid) => this.#readDomain(domid));
    this.#inStore = domains;
    this.#merge();
  }

  #merge(): void {
    if (this.#closed) return;
    const lives = this.#lives?.();
    const domains = lives ? this.#states.join(this.#inStore, lives) : this.#inStore;
    const before = JSON.stringify(this.all);
    this.#byDomid = new Map(domains.map((domain) => [domain.domid, domain]));
    if (JSON.stringify(this.all) !== before) this.#onChange(this.all);
    // Who may not ask now may not later.
    if (lives) this.#mergeLater();
  }

  #mergeLater(): void {
    this.#livesTimer ??= this.#clock.after(livesIntervalMs, () => {
      this.#livesTimer = undefined;
      this.#merge();
    });
  }

  async #listNames(): Promise<string[]> {
    try {
      return await this.#store.directory(root);
    } catch (error) {
      if (error instanceof XenscopeError && error.storeError) return [];
      throw error;
    }
  }

  async #readDomain(domid: number): Promise<Domain> {
    try {
      const name = (await this.#store.read(`${root}/${domid}/name`)).toString('utf8').slice(0, 256);
      return name ? { domid, name } : { domid };
    } catch (error) {
      if (error instanceof XenscopeError && error.storeError) return { domid };
      throw error;
    }
  }
}
