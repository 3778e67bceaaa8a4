/**
 * The ends of vchans that an editor drives on one host: opened through the guard, told of while they are
 * there, and closed with the editor's connection; and vchans between others to which it listens. News are
 * made from what is true when they are sent.
 */
import { explainVchan } from '../act/explainVchan';
import { type VchanGuardOptions, judgeVchan, ownDomid } from '../act/vchanGuard';
import { findOffers } from '../act/vchanOffers';
import type { VchanPlan } from '../act/vchanPlan';
import { VchanSession } from '../act/vchanSession';
import type { Passed } from '../capture/tapWay';
import { type Timer, sleep } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { Host } from '../host/host';
import type { StoreClient } from '../host/storeClient';
import type { DomainList } from '../model/domains';
import type { RingVerdict } from '../model/rings/ringTypes';
import { noSuchRing } from './ringFeed';
import type { VchanChoices, VchanNews, VchanPassed, VchanPreview, VchanWatched } from './vchanApi';
import { VchanWatcher } from './vchanWatcher';

export const maxVchanConsoles = 16;
export const vchanNewsIntervalMs = 100;
/** In which an end can still take its nodes away when the editor leaves. */
const closePatienceMs = 2_000;

/** The way to the editor. */
export interface VchanPost {
  /** The editor has not taken what it was sent. */
  readonly isBusy: () => boolean;
  readonly send: (news: VchanNews) => void;
}

export interface VchanFeedOptions extends VchanPost {
  readonly hostId: string;
  readonly host: Host;
  readonly guard: VchanGuardOptions;
  readonly domains: DomainList;
  readonly verdictOf: (ring: string) => RingVerdict | undefined;
}

interface Console {
  readonly of: VchanSession | VchanWatcher;
  /** What was told last, without what was received. */
  told: string;
}

export class VchanFeed {
  readonly #options: VchanFeedOptions;
  readonly #consoles = new Map<number, Console>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: VchanFeedOptions) {
    this.#options = options;
  }

  async choices(): Promise<VchanChoices> {
    const { host, guard, domains } = this.#options;
    const running = host.world
      ?.domains()
      .flatMap(({ domid, state }) => (state === 'running' ? (domid ?? []) : []));
    const offers = await findOffers(
      guard.store,
      domains.all.map(({ domid }) => domid),
    );
    return { ...(running && { actors: [...new Set([0, ...running])] }), offers };
  }

  preview(plan: VchanPlan): Promise<VchanPreview> {
    this.#mustTakePart();
    return judgeVchan(plan, this.#options.guard);
  }

  async open(consoleId: number, plan: VchanPlan, confirmed: boolean): Promise<void> {
    const openProgram = this.#mustTakePart();
    const { verdict, text, details, replaces } = await judgeVchan(plan, this.#options.guard);
    if (verdict === 'refuse') throw new XenscopeError('refused', text, { wayOut: details.at(-1) });
    if (verdict === 'confirm' && !(confirmed && plan.replaces === replaces)) {
      throw new XenscopeError('refused', text, { wayOut: 'Confirm it first.' });
    }
    const { host, guard } = this.#options;
    const { store, nameDomain } = guard;
    const own = await ownDomid(plan, store);
    const { engine, ...byUs } = plan;
    // Nothing is waited for from here on: what is true now is true when it is opened.
    this.#mustHaveRoom();
    const session = new VchanSession({
      plan: host.world || engine === undefined ? byUs : plan,
      program: openProgram(plan.actAs),
      clock: host.clock,
      names: {
        ownDomid: own,
        own: nameDomain(own),
        peer: nameDomain(plan.peer),
        isHeld: () => host.world?.isHeld ?? false,
      },
      explain: (error) => explainVchan(error, plan, { store, nameDomain, ownDomid: own }),
    });
    this.#consoles.set(consoleId, { of: session, told: '' });
    this.#tellSoon();
  }

  /** Listens to the vchan of this ring. Throws a XenscopeError where there is none. */
  async watch(consoleId: number, ring: string): Promise<VchanWatched> {
    const { host, guard } = this.#options;
    const own = host.world ? undefined : await ownNumber(guard.store);
    const observer = host.observer?.();
    const page = observer?.pages().find(({ id, kind }) => id === ring && kind === 'vchan');
    if (!observer || !page) throw noSuchRing(ring);
    this.#mustHaveRoom();
    const { domid: server, found } = page;
    const client = page.peerDomid ?? own;
    const watcher = new VchanWatcher({
      page,
      observer,
      clock: host.clock,
      server: guard.nameDomain(server),
      client: client === undefined ? 'its client' : guard.nameDomain(client),
      isHeld: () => host.world?.isHeld ?? false,
    });
    this.#consoles.set(consoleId, { of: watcher, told: '' });
    this.#tellSoon();
    return { server, found, ...(client !== undefined && { client }) };
  }

  session(consoleId: number): VchanSession {
    const session = this.#consoles.get(consoleId)?.of;
    if (session instanceof VchanSession) return session;
    if (session) throw new XenscopeError('unsupported', 'This vchan is only watched: no end of it is ours.');
    throw new XenscopeError('gone', 'This vchan is not open any more.', { wayOut: 'Open it again.' });
  }

  async forget(consoleId: number): Promise<void> {
    const known = this.#consoles.get(consoleId);
    this.#consoles.delete(consoleId);
    await known?.of.end('close');
  }

  /** Closes all in order; an end whose store says nothing any more is not waited for. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    const ids = [...this.#consoles.keys()];
    if (ids.length === 0) return;
    const enough = new AbortController();
    const patience = sleep(this.#options.host.clock, closePatienceMs, enough.signal).catch(() => undefined);
    const closed = Promise.allSettled(ids.map((id) => this.forget(id)));
    await Promise.race([closed, patience]);
    enough.abort();
  }

  #mustHaveRoom(): void {
    if (this.#isClosed) {
      throw new XenscopeError('gone', 'This host was disconnected meanwhile.', {
        wayOut: 'Connect it, and open the vchan again.',
      });
    }
    if (this.#consoles.size < maxVchanConsoles) return;
    throw new XenscopeError('limit', `${maxVchanConsoles} vchans are open by hand on this host already.`, {
      wayOut: 'Close the panel of another one first.',
    });
  }

  #mustTakePart(): NonNullable<Host['openProgram']> {
    const { host } = this.#options;
    if (host.openProgram) return (domid) => host.openProgram!(domid);
    throw new XenscopeError(
      'unsupported',
      'Through a socket only the xenstore can be reached, and no memory.',
      {
        wayOut: 'A vchan can be opened in the simulator, and on the machine that runs Xen.',
      },
    );
  }

  #tellSoon(): void {
    this.#timer ??= this.#options.host.clock.after(vchanNewsIntervalMs, () => {
      this.#timer = undefined;
      for (const [id, console] of this.#consoles) if (!this.#options.isBusy()) this.#tell(id, console);
      if (this.#consoles.size > 0) this.#tellSoon();
    });
  }

  #tell(consoleId: number, console: Console): void {
    const { hostId, host, verdictOf, send } = this.#options;
    const { of: source } = console;
    const { state } = source;
    const verdict = state.phase === 'open' && state.ring !== undefined ? verdictOf(state.ring) : undefined;
    const what = whatCame(source);
    const words = JSON.stringify([state, verdict]);
    if (what.received === '' && !what.passed?.length && words === console.told) return;
    console.told = words;
    const timeMs = host.clock.nowMs();
    send({ host: hostId, consoleId, timeMs, state, ...(verdict && { verdict }), ...what });
  }
}

type What = Pick<VchanNews, 'received' | 'leftOutBytes' | 'passed'>;

function whatCame(source: VchanSession | VchanWatcher): What {
  if (source instanceof VchanSession) {
    const { bytes, droppedBytes } = source.take();
    return { received: bytes.toString('base64'), leftOutBytes: droppedBytes };
  }
  const { passed, leftOutBytes } = source.take();
  return { received: '', leftOutBytes, passed: passed.map(toldOf) };
}

function toldOf({ bytes, ...rest }: Passed): VchanPassed {
  return { ...rest, bytes: bytes.toString('base64') };
}

/** A vchan of a real host is seen by whom it is lent to; undefined where the store does not say who that is. */
async function ownNumber(store: StoreClient): Promise<number | undefined> {
  const text = await store.read('domid').catch(() => undefined);
  return text && /^[0-9]{1,5}$/.test(text.toString('latin1')) ? Number(text) : undefined;
}
