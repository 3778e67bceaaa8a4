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
import { XenscopeError } from '../host/errors';
import type { Host } from '../host/host';
import type { StoreClient } from '../host/storeClient';
import type { DomainList } from '../model/domains';
import type { RingVerdict } from '../model/rings/ringTypes';
import { OpenByHand, actorsOf, mustTakePart } from './openByHand';
import { noSuchRing } from './ringFeed';
import type { VchanChoices, VchanNews, VchanPassed, VchanPreview, VchanWatched } from './vchanApi';
import { VchanWatcher } from './vchanWatcher';

export const maxVchanConsoles = 16;
export const vchanNewsIntervalMs = 100;

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
  readonly #consoles: OpenByHand<Console>;

  constructor(options: VchanFeedOptions) {
    this.#options = options;
    this.#consoles = new OpenByHand({
      clock: options.host.clock,
      most: maxVchanConsoles,
      many: 'vchans',
      one: 'vchan',
      newsIntervalMs: vchanNewsIntervalMs,
      isBusy: options.isBusy,
      tell: (id, console) => this.#tell(id, console),
      end: ({ of: source }) => source.end('close'),
    });
  }

  async choices(): Promise<VchanChoices> {
    const { host, guard, domains } = this.#options;
    const actors = actorsOf(host);
    const offers = await findOffers(
      guard.store,
      domains.all.map(({ domid }) => domid),
    );
    return { ...(actors && { actors }), offers };
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
    this.#consoles.mustHaveRoom();
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
    this.#consoles.add(consoleId, { of: session, told: '' });
  }

  /** Listens to the vchan of this ring. Throws a XenscopeError where there is none. */
  async watch(consoleId: number, ring: string): Promise<VchanWatched> {
    const { host, guard } = this.#options;
    const own = host.world ? undefined : await ownNumber(guard.store);
    const observer = host.observer?.();
    const page = observer?.pages().find(({ id, kind }) => id === ring && kind === 'vchan');
    if (!observer || !page) throw noSuchRing(ring);
    this.#consoles.mustHaveRoom();
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
    this.#consoles.add(consoleId, { of: watcher, told: '' });
    return { server, found, ...(client !== undefined && { client }) };
  }

  session(consoleId: number): VchanSession {
    const session = this.#consoles.get(consoleId)?.of;
    if (session instanceof VchanSession) return session;
    if (session) throw new XenscopeError('unsupported', 'This vchan is only watched: no end of it is ours.');
    throw new XenscopeError('gone', 'This vchan is not open any more.', { wayOut: 'Open it again.' });
  }

  forget(consoleId: number): Promise<void> {
    return this.#consoles.forget(consoleId);
  }

  /** Closes all in order; an end whose store says nothing any more is not waited for. */
  close(): Promise<void> {
    return this.#consoles.close();
  }

  #mustTakePart(): NonNullable<Host['openProgram']> {
    return mustTakePart(
      this.#options.host,
      'A vchan can be opened in the simulator, and on the machine that runs Xen.',
    );
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
