/** The composers of PV Calls that an editor has open on one host, and the news of them. */
import { findBackends } from '../act/pvcalls/choices';
import type { ComposerSession } from '../act/pvcalls/composerSession';
import { findForeign, foreignAt } from '../act/pvcalls/foreignDevices';
import { ForeignSession } from '../act/pvcalls/foreignSession';
import { composerForms } from '../act/pvcalls/forms';
import { type ComposerGuardOptions, judgeComposer, ownDomidOf, whyNoForeign } from '../act/pvcalls/guard';
import { OwnSession } from '../act/pvcalls/ownSession';
import type { ComposerPlan } from '../act/pvcalls/plan';
import { type Timer, sleep } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { Host } from '../host/host';
import type { DomainList } from '../model/domains';
import { withRings } from './composerRings';
import type { ComposerChoices, ComposerNews, ComposerPreview } from './pvcallsComposerApi';
import { composerLayouts } from './pvcallsLayouts';

export const maxComposers = 8;
export const composerNewsIntervalMs = 100;
/** In which devices can still be closed in order when the editor leaves. */
const closePatienceMs = 2_000;

/** The way to the editor. */
export interface ComposerPost {
  /** The editor has not taken what it was sent. */
  readonly isBusy: () => boolean;
  readonly send: (news: ComposerNews) => void;
}

export interface ComposerFeedOptions extends ComposerPost {
  readonly hostId: string;
  readonly host: Host;
  readonly guard: ComposerGuardOptions;
  readonly domains: DomainList;
}

interface Composer {
  readonly session: ComposerSession;
  /** What was told last. */
  told: string;
}

export class ComposerFeed {
  readonly #options: ComposerFeedOptions;
  readonly #composers = new Map<number, Composer>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: ComposerFeedOptions) {
    this.#options = options;
  }

  async choices(): Promise<ComposerChoices> {
    const { host, guard, domains } = this.#options;
    const { store, isReal } = guard;
    const domids = domains.all.map(({ domid }) => domid);
    const running = host.world
      ?.domains()
      .flatMap(({ domid, state }) => (state === 'running' ? (domid ?? []) : []));
    const [backends, foreign] = await Promise.all([
      findBackends(store, domids, { isReal }),
      isReal ? [] : findForeign(store, domids, this.#ownDevices()),
    ]);
    return {
      ...(running && { actors: [...new Set([0, ...running])] }),
      backends,
      foreign,
      ...(isReal && { whyNoForeign }),
      forms: composerForms,
      layouts: composerLayouts,
    };
  }

  preview(plan: ComposerPlan): Promise<ComposerPreview> {
    this.#mustTakePart();
    return judgeComposer(plan, this.#options.guard);
  }

  async open(composerId: number, plan: ComposerPlan, confirmed: boolean): Promise<void> {
    const openProgram = this.#mustTakePart();
    const { verdict, text, details } = await judgeComposer(plan, this.#options.guard);
    if (verdict === 'refuse') throw new XenscopeError('refused', text, { wayOut: details.at(-1) });
    if (verdict === 'confirm' && !confirmed) {
      throw new XenscopeError('refused', text, { wayOut: 'Confirm it first.' });
    }
    const session =
      plan.kind === 'own'
        ? await this.#openOwn(plan, openProgram)
        : await this.#openForeign(plan.device, openProgram);
    this.#composers.set(composerId, { session, told: '' });
    this.#tellSoon();
  }

  session(composerId: number): ComposerSession {
    const session = this.#composers.get(composerId)?.session;
    if (session) return session;
    throw new XenscopeError('gone', 'This device is not open any more.', { wayOut: 'Open another one.' });
  }

  async forget(composerId: number): Promise<void> {
    const known = this.#composers.get(composerId);
    this.#composers.delete(composerId);
    await known?.session.remove();
  }

  /** Closes all in order; a host that says nothing any more is not waited for. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    const ids = [...this.#composers.keys()];
    if (ids.length === 0) return;
    const enough = new AbortController();
    const patience = sleep(this.#options.host.clock, closePatienceMs, enough.signal).catch(() => undefined);
    const closed = Promise.allSettled(ids.map((id) => this.forget(id)));
    await Promise.race([closed, patience]);
    enough.abort();
  }

  async #openOwn(
    plan: ComposerPlan & { readonly kind: 'own' },
    openProgram: NonNullable<Host['openProgram']>,
  ): Promise<ComposerSession> {
    const { host, guard } = this.#options;
    const { store, nameDomain } = guard;
    const ownDomid = await ownDomidOf(plan, store);
    // Nothing is waited for from here on: what is true now is true when it is opened.
    this.#mustHaveRoom();
    return new OwnSession({
      plan,
      program: openProgram(plan.actAs),
      store,
      clock: host.clock,
      ownDomid,
      names: {
        own: nameDomain(ownDomid),
        backend: nameDomain(plan.backend),
        isHeld: () => host.world?.isHeld ?? false,
        isQuiet: () => host.world?.pace === 0,
      },
    });
  }

  async #openForeign(path: string, openProgram: NonNullable<Host['openProgram']>): Promise<ComposerSession> {
    const { host, guard } = this.#options;
    const device = await foreignAt(guard.store, path);
    const onMove = host.observer?.().onMove?.bind(host.observer());
    if (typeof device === 'string' || !device.place || !onMove) {
      const problem = typeof device === 'string' ? device : device.problem;
      throw new XenscopeError('gone', problem ?? 'The ring of this device cannot be reached.');
    }
    this.#mustHaveRoom();
    const program = openProgram(device.domid);
    try {
      return new ForeignSession({
        device: { ...device, place: device.place },
        program,
        clock: host.clock,
        guest: guard.nameDomain(device.domid),
        backend: guard.nameDomain(device.backend),
        isHeld: () => host.world?.isHeld ?? false,
        onMove: (look) => onMove(() => look()),
      });
    } catch (error) {
      await program.close();
      throw error;
    }
  }

  #ownDevices(): ReadonlySet<string> {
    const open = [...this.#composers.values()].map(({ session }) => session.state);
    return new Set(open.flatMap(({ kind, device }) => (kind === 'own' ? (device.frontend ?? []) : [])));
  }

  #mustHaveRoom(): void {
    if (this.#isClosed) {
      throw new XenscopeError('gone', 'This host was disconnected meanwhile.', {
        wayOut: 'Connect it, and open the device again.',
      });
    }
    if (this.#composers.size < maxComposers) return;
    throw new XenscopeError(
      'limit',
      `${maxComposers} devices of PV Calls are open by hand on this host already.`,
      {
        wayOut: 'Close the panel of another one first.',
      },
    );
  }

  #mustTakePart(): NonNullable<Host['openProgram']> {
    const { host } = this.#options;
    if (host.openProgram) return (domid) => host.openProgram!(domid);
    throw new XenscopeError(
      'unsupported',
      'Through a socket only the xenstore can be reached, and no memory.',
      { wayOut: 'Commands can be sent in the simulator, and on the machine that runs Xen.' },
    );
  }

  #tellSoon(): void {
    this.#timer ??= this.#options.host.clock.after(composerNewsIntervalMs, () => {
      this.#timer = undefined;
      for (const [id, composer] of this.#composers) if (!this.#options.isBusy()) this.#tell(id, composer);
      if (this.#composers.size > 0) this.#tellSoon();
    });
  }

  #tell(composerId: number, composer: Composer): void {
    const { hostId, host, send } = this.#options;
    const { session } = composer;
    const entries = session.takeEntries();
    const received = session.takeReceived().map(({ id, bytes, leftOutBytes }) => ({
      id: String(id),
      bytes: bytes.toString('base64'),
      leftOutBytes,
    }));
    const state = withRings(session.state, host.observer?.().pages() ?? []);
    const words = JSON.stringify(state);
    if (entries.length === 0 && received.length === 0 && words === composer.told) return;
    composer.told = words;
    const { forgottenEntries } = session;
    send({
      host: hostId,
      composerId,
      timeMs: host.clock.nowMs(),
      state,
      entries,
      forgottenEntries,
      received,
    });
  }
}
