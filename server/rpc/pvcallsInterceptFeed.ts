/**
 * What an editor is told of the interceptors of one host while it shows them, and the backend of our own that it
 * has opened there, which ends with it. News are made from what is true when they are sent.
 */
import type { CallInterceptor, HeldState } from '../host/callInterceptor';
import { type Timer, sleep } from '../host/clock';
import { XenscopeError } from '../host/errors';
import {
  type OpenedServing,
  type ServingGuardOptions,
  judgeServing,
  openServing,
  whyNoServing,
} from '../act/pvcallsServing';
import type { InterceptChoices, InterceptNews, ServingPreview } from './pvcallsInterceptApi';

export const interceptNewsIntervalMs = 150;
export const maxInterceptViews = 16;
/** Of held calls, in one message: a person decides one after the other. */
export const maxHeldTold = 64;
/** Of what happened, in one message. */
export const maxEventsTold = 200;
/** Times to come and gone by are told anew without any news from the guests. */
const ageIntervalMs = 1_000;
/** In which our backend can close its devices when the editor leaves. */
const closePatienceMs = 7_000;

/** The way to the editor. */
export interface InterceptPost {
  /** The editor has not taken what it was sent. */
  readonly isBusy: () => boolean;
  readonly send: (news: InterceptNews) => void;
}

export interface InterceptFeedOptions extends InterceptPost, ServingGuardOptions {
  readonly hostId: string;
  readonly log: (sentence: string) => void;
}

interface View {
  readonly domid: number;
  /** The number of the last event that was told. */
  told: number;
  /** Of which `told` is. */
  of: CallInterceptor | undefined;
  isNew: boolean;
  stop: (() => void) | undefined;
}

/** A backend speaks of its folders as the store does to its domain: from there. */
function absolute(path: string, domid: number): string {
  return path.startsWith('/') ? path : `/local/domain/${domid}/${path}`;
}

/** The other way round. */
function within(path: string, domid: number): string {
  const own = `/local/domain/${domid}/`;
  return path.startsWith(own) ? path.slice(own.length) : path;
}

export class InterceptFeed {
  readonly #options: InterceptFeedOptions;
  readonly #views = new Map<number, View>();
  #own: OpenedServing | undefined;
  #opening: Promise<OpenedServing> | undefined;
  #ending: Promise<readonly string[]> | undefined;
  #timer: Timer | undefined;
  #dueMs = Infinity;
  #isClosed = false;

  constructor(options: InterceptFeedOptions) {
    this.#options = options;
  }

  /** `device`: the backend's folder of one, to be told who serves it. */
  choices(device?: string): InterceptChoices {
    const problem = whyNoServing(this.#options);
    const backends = this.#all().map((one) => {
      const { devices, isOn } = one.state();
      const servesDevice = devices.some(({ path }) => absolute(path, one.domid) === device);
      const serves = device === undefined ? {} : { servesDevice };
      return { domid: one.domid, devices: devices.length, isOn, ...serves };
    });
    if (!problem) return { backends, own: this.#own ? 'open' : 'closed' };
    return { backends, whyNoOwn: [problem.message, problem.wayOut].filter(Boolean).join(' ') };
  }

  /** Throws a XenscopeError `gone` where there is none. */
  backend(domid: number): CallInterceptor {
    const found = this.#find(domid);
    if (found) return found;
    throw new XenscopeError('gone', `No backend of domain ${domid} can be intercepted here now.`, {
      wayOut: 'On a real host open our own first.',
    });
  }

  /** What we keep of the device in this folder of its backend: by hand, or by a rule. */
  heldAt(device: string): ReadonlyMap<number, HeldState> {
    const held = this.#all().flatMap((one) => [...one.heldAt(within(device, one.domid))]);
    return new Map(held);
  }

  openView(viewId: number, domid: number): void {
    if (this.#views.size >= maxInterceptViews) {
      throw new XenscopeError('limit', `${maxInterceptViews} backends are shown on this host already.`, {
        wayOut: 'Close the panel of another one first.',
      });
    }
    this.#views.set(viewId, { domid, told: 0, of: undefined, isNew: true, stop: undefined });
    this.#tellAfter(0);
  }

  /** Whether there was such a view. */
  closeView(viewId: number): boolean {
    this.#views.get(viewId)?.stop?.();
    return this.#views.delete(viewId);
  }

  preview(allow: readonly string[]): Promise<ServingPreview> {
    return judgeServing(allow, this.#options);
  }

  async serve(allow: readonly string[], confirmed: boolean): Promise<{ domid: number }> {
    this.#mustHaveNone();
    const { verdict, text, details } = await judgeServing(allow, this.#options);
    if (verdict === 'refuse') throw new XenscopeError('refused', text, { wayOut: details.at(-1) });
    if (verdict === 'confirm' && !confirmed) {
      throw new XenscopeError('refused', text, { wayOut: 'Confirm it first.' });
    }
    this.#mustHaveNone();
    const { host, log } = this.#options;
    const tell = (line: string) => {
      log(line);
      this.#changed();
    };
    this.#opening = openServing({ ...this.#options, clock: host.clock, allow, log: tell });
    try {
      const own = await this.#opening;
      this.#own = own;
      if (this.#isClosed) {
        await this.endServing();
        throw new XenscopeError('gone', 'This host was disconnected meanwhile.');
      }
      own.serving.ended.catch((error: unknown) => {
        log(`Our backend of PV Calls broke off: ${error instanceof Error ? error.message : String(error)}`);
        void this.endServing();
      });
      return { domid: own.serving.intercept.domid };
    } finally {
      this.#opening = undefined;
      this.#changed();
    }
  }

  async endServing(): Promise<readonly string[]> {
    // One that is just being opened is ended as soon as it is open.
    await this.#opening?.catch(() => undefined);
    if (this.#own) {
      this.#ending = this.#own.close().finally(() => (this.#ending = undefined));
      this.#own = undefined;
      this.#changed();
    }
    return (await this.#ending) ?? [];
  }

  /** Ends our backend in order; a store that says nothing any more is not waited for. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const viewId of [...this.#views.keys()]) this.closeView(viewId);
    if (!this.#own && !this.#opening && !this.#ending) return;
    const enough = new AbortController();
    const patience = sleep(this.#options.host.clock, closePatienceMs, enough.signal).catch(() => undefined);
    const ended = this.endServing().catch(() => undefined);
    await Promise.race([ended, patience]);
    enough.abort();
  }

  #mustHaveNone(): void {
    if (!this.#own && !this.#opening && !this.#isClosed) return;
    throw new XenscopeError('busy', 'Our backend of PV Calls is open on this host already.', {
      wayOut: 'Intercept that one, or close it first.',
    });
  }

  #all(): readonly CallInterceptor[] {
    const inWorld = this.#options.host.world?.interceptors ?? [];
    return this.#own ? [...inWorld, this.#own.serving.intercept] : inWorld;
  }

  #find(domid: number): CallInterceptor | undefined {
    return this.#all().find((one) => one.domid === domid);
  }

  #changed(): void {
    for (const view of this.#views.values()) view.isNew = true;
    this.#tellAfter(interceptNewsIntervalMs);
  }

  #tellAfter(delayMs: number): void {
    if (this.#isClosed || this.#views.size === 0) return;
    const { clock } = this.#options.host;
    const dueMs = clock.nowMs() + delayMs;
    if (dueMs >= this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = clock.after(delayMs, () => {
      this.#dueMs = Infinity;
      this.#tell();
    });
  }

  #tell(): void {
    if (this.#options.isBusy()) return this.#tellAfter(interceptNewsIntervalMs);
    let isAnyHeld = false;
    for (const [viewId, view] of this.#views) {
      const found = this.#find(view.domid);
      this.#follow(view, found);
      const held = found?.state().held.length ?? 0;
      isAnyHeld ||= held > 0;
      if (view.isNew || held > 0) this.#options.send(this.#newsOf(viewId, view, found));
      view.isNew = false;
    }
    if (isAnyHeld) this.#tellAfter(ageIntervalMs);
  }

  /** Another one in the place of the one before begins with what it has. */
  #follow(view: View, found: CallInterceptor | undefined): void {
    if (view.of === found) return;
    view.stop?.();
    view.of = found;
    view.told = 0;
    view.stop = found?.onChange(() => {
      view.isNew = true;
      this.#tellAfter(interceptNewsIntervalMs);
    });
  }

  #newsOf(viewId: number, view: View, found: CallInterceptor | undefined): InterceptNews {
    const { hostId: host } = this.#options;
    if (!found) return { host, viewId, heldLeftOut: 0, events: [], eventsLeftOut: 0 };
    const state = found.state();
    const events = found.eventsAfter(view.told).slice(-maxEventsTold);
    const eventsLeftOut = events.length === 0 ? 0 : events[0]!.number - view.told - 1;
    view.told = events.at(-1)?.number ?? view.told;
    const isOurs = found === this.#own?.serving.intercept;
    return {
      host,
      viewId,
      state: { ...state, held: state.held.slice(0, maxHeldTold) },
      heldLeftOut: Math.max(0, state.held.length - maxHeldTold),
      events,
      eventsLeftOut,
      ...(isOurs && { findings: [...this.#own!.serving.findings] }),
    };
  }
}
