/** The composers of PV Calls that an editor has open on one host, and the news of them. */
import { findBackends, ownDomidOf as knownOwnDomid } from '../act/pvcalls/choices';
import type { ComposerSession } from '../act/pvcalls/composerSession';
import { findForeign, foreignAt } from '../act/pvcalls/foreignDevices';
import { ForeignSession } from '../act/pvcalls/foreignSession';
import { composerForms } from '../act/pvcalls/forms';
import { type ComposerGuardOptions, judgeComposer, ownDomidOf, whyNoForeign } from '../act/pvcalls/guard';
import { OwnSession } from '../act/pvcalls/ownSession';
import type { ComposerPlan } from '../act/pvcalls/plan';
import { XenscopeError } from '../host/errors';
import type { Host } from '../host/host';
import type { DomainList } from '../model/domains';
import { dataRingsOf, withRings } from './composerRings';
import { OpenByHand, actorsOf, mustTakePart } from './openByHand';
import type { ComposerChoices, ComposerNews, ComposerPreview } from './pvcallsComposerApi';
import { composerLayouts } from './pvcallsLayouts';

export const maxComposers = 8;
export const composerNewsIntervalMs = 100;

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
  /** Where guests of that backend listen, as far as that was seen. */
  readonly listeners?: (backendDomid: number) => readonly string[];
}

interface Composer {
  readonly session: ComposerSession;
  /** What was told last. */
  told: string;
}

export class ComposerFeed {
  readonly #options: ComposerFeedOptions;
  readonly #composers: OpenByHand<Composer>;
  /** The data rings that the observer was told of last. */
  #named = '[]';

  constructor(options: ComposerFeedOptions) {
    this.#options = options;
    this.#composers = new OpenByHand({
      clock: options.host.clock,
      most: maxComposers,
      many: 'devices of PV Calls',
      one: 'device',
      newsIntervalMs: composerNewsIntervalMs,
      isBusy: options.isBusy,
      tell: (id, composer) => this.#tell(id, composer),
      end: ({ session }, isLeaving) => {
        this.#nameRings();
        return session.remove({ isLeaving });
      },
    });
  }

  async choices(): Promise<ComposerChoices> {
    const { host, guard, domains } = this.#options;
    const { store, isReal, ground } = guard;
    const domids = domains.all.map(({ domid }) => domid);
    const actors = actorsOf(host);
    const [ownDomid, backends, foreign] = await Promise.all([
      actors ? undefined : knownOwnDomid(store),
      findBackends(store, domids, { isReal, ground }),
      isReal ? [] : findForeign(store, domids, this.#ownDevices()),
    ]);
    return {
      ...(actors && { actors }),
      ...(ownDomid !== undefined && { ownDomid }),
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
    this.#composers.add(composerId, { session, told: '' });
  }

  session(composerId: number): ComposerSession {
    const session = this.#composers.get(composerId)?.session;
    if (session) return session;
    throw new XenscopeError('gone', 'This device is not open any more.', { wayOut: 'Open another one.' });
  }

  forget(composerId: number): Promise<void> {
    return this.#composers.forget(composerId);
  }

  /** Closes all in order; a host that says nothing any more is not waited for. */
  close(): Promise<void> {
    return this.#composers.close();
  }

  async #openOwn(
    plan: ComposerPlan & { readonly kind: 'own' },
    openProgram: NonNullable<Host['openProgram']>,
  ): Promise<ComposerSession> {
    const { host, guard } = this.#options;
    const { store, nameDomain } = guard;
    const ownDomid = await ownDomidOf(plan, store);
    // Nothing is waited for from here on: what is true now is true when it is opened.
    this.#composers.mustHaveRoom();
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
      isReal: guard.isReal,
      listeners: () => this.#options.listeners?.(plan.backend) ?? [],
      reports: host.endReports,
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
    this.#composers.mustHaveRoom();
    const program = openProgram(device.domid);
    try {
      return new ForeignSession({
        device: { ...device, place: device.place },
        program,
        clock: host.clock,
        guest: guard.nameDomain(device.domid),
        backend: guard.nameDomain(device.backend),
        isHeld: () => host.world?.isHeld ?? false,
        listeners: () => this.#options.listeners?.(device.backend) ?? [],
        onMove: (look) => onMove(() => look()),
      });
    } catch (error) {
      await program.close();
      throw error;
    }
  }

  #ownDevices(): ReadonlySet<string> {
    const open = this.#composers.all.map(({ session }) => session.state);
    return new Set(open.flatMap(({ kind, device }) => (kind === 'own' ? (device.frontend ?? []) : [])));
  }

  #mustTakePart(): NonNullable<Host['openProgram']> {
    return mustTakePart(
      this.#options.host,
      'Commands can be sent in the simulator, and on the machine that runs Xen.',
    );
  }

  /** Our own frontends know where their data rings are, whoever looks. */
  #nameRings(): void {
    const rings = this.#composers.all.flatMap(({ session }) => dataRingsOf(session.state));
    const words = JSON.stringify(rings);
    if (words === this.#named) return;
    this.#named = words;
    this.#options.host.observer?.().nameRings?.(this, rings);
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
    this.#nameRings();
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
