/**
 * The end of those at the other end of a doorbell, on real Xen. A domain that is destroyed rings no bell; what
 * is left of it is that our end of the event channel is joined to nobody. So that is looked at now and then, wherever
 * the kernel lets us; and in domain 0 as soon as the store tells that some domain has ended, with the list of domains.
 */
import type { Clock, Timer } from '../server/host/clock';
import { XenscopeError } from '../server/host/errors';
import type { FollowedPeer, PeerEnd, PeerEnds } from '../server/host/peerEnds';
import type { StoreClient } from '../server/host/storeClient';
import { isDomid, isPort } from './argument';
import type { DomainLives } from './domainLife';
import { StandingWatch } from './observer/standingWatch';
import { portState } from './portState';
import type { XenControl } from './xenControl';

/** One hypercall for each end that is open. */
export const lookEveryMs = 1_000;

export interface NativePeerEndsOptions {
  readonly control: XenControl;
  readonly lives: DomainLives;
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly log?: ((line: string) => void) | undefined;
}

interface Follower extends FollowedPeer {
  onEnd(end: PeerEnd): void;
}

export class NativePeerEnds implements PeerEnds {
  readonly #options: NativePeerEndsOptions;
  /** One for each end that is open. */
  readonly #followers = new Set<Follower>();
  #releases: StandingWatch | undefined;
  #timer: Timer | undefined;
  #isAtWork = false;
  /** Some domain has ended, and nobody has asked the store since. */
  #mustAsk = false;
  #isClosed = false;

  constructor(options: NativePeerEndsOptions) {
    this.#options = options;
  }

  /** Throws a XenscopeError `notOurs` for what can be no domain, or no port. */
  follow(peer: FollowedPeer, onEnd: (end: PeerEnd) => void): () => void {
    mustBePeer(peer);
    if (this.#isClosed) return () => undefined;
    const follower: Follower = { ...peer, onEnd };
    this.#followers.add(follower);
    const { store, clock } = this.#options;
    this.#releases ??= new StandingWatch(store, clock, '@releaseDomain', ({ kind }) => {
      // The first event comes to everybody, and tells nothing.
      if (kind !== 'initial') this.#askSoon();
    });
    this.#lookLater();
    return () => {
      this.#followers.delete(follower);
      if (this.#followers.size === 0) this.#rest();
    };
  }

  /** Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    this.#followers.clear();
    this.#rest();
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#releases?.close();
    this.#releases = undefined;
  }

  #lookLater(): void {
    this.#timer ??= this.#options.clock.after(lookEveryMs, () => {
      this.#timer = undefined;
      this.#look();
      if (this.#followers.size > 0) this.#lookLater();
    });
  }

  /** One round at a time, however many domains end while a slow store answers. */
  #askSoon(): void {
    this.#mustAsk = true;
    if (!this.#isAtWork) void this.#askAll();
  }

  async #askAll(): Promise<void> {
    this.#isAtWork = true;
    while (this.#mustAsk) {
      this.#mustAsk = false;
      for (const follower of [...this.#followers]) await this.#ask(follower);
    }
    // In the same step as the look before: what comes after that begins a round of its own.
    this.#isAtWork = false;
  }

  /** Never rejects: the others are asked for as well. */
  async #ask(follower: Follower): Promise<void> {
    if (!this.#followers.has(follower)) return;
    try {
      const isGone =
        this.#options.lives.hasEnded(follower.domid) ?? (await this.#isForgotten(follower.domid));
      this.#tell(follower, isGone);
    } catch (error) {
      this.#options.log?.(`Whether domain ${follower.domid} has ended is not known: ${String(error)}`);
    }
  }

  #look(): void {
    for (const follower of [...this.#followers])
      this.#tell(follower, this.#options.lives.hasEnded(follower.domid) ?? false);
  }

  #tell(follower: Follower, isGone: boolean): void {
    if (!this.#followers.has(follower)) return;
    if (isGone) follower.onEnd('domainEnded');
    else if (this.#isAlone(follower)) follower.onEnd('vanished');
  }

  async #isForgotten(domid: number): Promise<boolean> {
    const { store } = this.#options;
    try {
      if (await store.isDomainIntroduced(domid)) return false;
      // libxenstore says no as well where we may not ask; domain 0 is there for whoever may.
      return await store.isDomainIntroduced(0);
    } catch (error) {
      // Only domain 0 may ask; a store that is away tells later.
      if (error instanceof XenscopeError) return false;
      throw error;
    }
  }

  #isAlone({ port }: Follower): boolean {
    return port !== undefined && portState(this.#options.control, port) === 'alone';
  }
}

/** What it is asked about later must make sense: nobody would hear of an error then. */
function mustBePeer({ domid, port }: FollowedPeer): void {
  if (!isDomid(domid)) throw new XenscopeError('notOurs', `There is no domain ${String(domid)} to follow.`);
  if (port === undefined || isPort(port)) return;
  throw new XenscopeError('notOurs', `There is no event channel ${String(port)} to follow.`);
}
