/**
 * What an editor is told of the rings of one host: the list while a view shows it, single rings
 * while a panel does, and always what the doctor finds. Each message is made from what is true when
 * it is sent: while the editor does not read, frames are left out and nothing piles up.
 */
import { XenscopeError } from '../host/errors';
import type { RingsFrame, RingView } from '../model/rings/ringTypes';
import type { RingSubscription, RingWatch } from '../model/rings/ringWatch';
import type { ApiNotifications, RingChange, RingFinding, RingRow, RingStrip } from './api';
import { ringChange } from './ringChange';

/** The doctor looks also while no view does. */
export const findingsIntervalMs = 500;
/** Findings that differ only in their numbers are told again this often at most. */
export const sameFindingsIntervalMs = 5_000;
/** A ring in which nothing moves is told of this often, so that its history goes on. */
export const stillFrameIntervalMs = 200;
export const maxRingViews = 32;
/** Ten to thirty a second are asked for; nobody gets more. */
export const minFrameIntervalMs = 30;

type RingNotificationName =
  'xenscope/ringsFrame' | 'xenscope/ringFrame' | 'xenscope/ringGone' | 'xenscope/findings';

/** The way to the editor. */
export interface RingPost {
  /** The editor has not taken what it was sent. */
  readonly isBusy: () => boolean;
  readonly send: <Name extends RingNotificationName>(name: Name, params: ApiNotifications[Name]) => void;
}

export interface RingFeedOptions extends RingPost {
  readonly host: string;
  readonly watch: RingWatch;
}

export function noSuchRing(ring: string): XenscopeError {
  return new XenscopeError('gone', `There is no ring "${ring.slice(0, 80)}" on this host now.`, {
    wayOut: 'Its domain may have ended; the view “Rings” shows those that there are.',
  });
}

interface View {
  readonly ring: string;
  readonly subscription: RingSubscription;
}

export class RingFeed {
  readonly #options: RingFeedOptions;
  readonly #views = new Map<number, View>();
  readonly #always: RingSubscription;
  #list: RingSubscription | undefined;
  /** What the editor knows; undefined before the first frame. */
  #told: Map<string, RingRow> | undefined;
  #toldRings: readonly RingRow[] = [];
  #toldLeftOut = 0;
  #toldFindings = '[]';
  #toldFindingsMs = 0;
  #latest: RingsFrame | undefined;
  #hasLooked!: () => void;
  /** The first frame came, or none will. */
  readonly #looked = new Promise<void>((resolve) => (this.#hasLooked = resolve));

  constructor(options: RingFeedOptions) {
    this.#options = options;
    this.#always = options.watch.subscribe((frame) => this.#onFindings(frame), {
      intervalMs: findingsIntervalMs,
    });
  }

  /** All rings as they were seen last; waits for the first look. */
  async all(): Promise<readonly RingRow[]> {
    await this.#looked;
    return this.#latest?.rings ?? [];
  }

  async find(ring: string): Promise<RingRow | undefined> {
    return (await this.all()).find(({ id }) => id === ring);
  }

  /** What was seen of it last; undefined where it was not. */
  seen(ring: string): RingRow | undefined {
    return this.#latest?.rings.find(({ id }) => id === ring);
  }

  startList(intervalMs: number): void {
    this.stopList();
    this.#list = this.#options.watch.subscribe((frame) => this.#onList(frame), {
      intervalMs: Math.max(minFrameIntervalMs, intervalMs),
    });
  }

  stopList(): void {
    this.#list?.stop();
    this.#list = undefined;
    this.#told = undefined;
    this.#toldRings = [];
  }

  /** The last minutes of the ring, as far as anybody looked; frames follow. */
  openView(viewId: number, ring: string, intervalMs: number): RingStrip {
    const { watch } = this.#options;
    if (this.#views.size >= maxRingViews) {
      throw new XenscopeError('limit', `${maxRingViews} rings are shown on this host already.`, {
        wayOut: 'Close the panel of another ring first.',
      });
    }
    const strip = watch.strip(ring);
    if (!strip) throw noSuchRing(ring);
    const frames = new FrameSender(viewId, this.#options);
    const listener = (frame: RingsFrame) => {
      this.#latest = frame;
      if (frames.send(watch.detail(ring)) === 'gone') this.closeView(viewId);
    };
    const subscription = watch.subscribe(listener, { intervalMs: Math.max(minFrameIntervalMs, intervalMs) });
    this.#views.set(viewId, { ring, subscription });
    return strip;
  }

  /** Whether there was such a view. */
  closeView(viewId: number): boolean {
    this.#views.get(viewId)?.subscription.stop();
    return this.#views.delete(viewId);
  }

  close(): void {
    this.#hasLooked();
    this.stopList();
    this.#always.stop();
    for (const viewId of [...this.#views.keys()]) this.closeView(viewId);
    if (this.#toldFindings !== '[]') this.#sendFindings([]);
  }

  #onList(frame: RingsFrame): void {
    this.#latest = frame;
    const { rings, leftOut } = frame;
    const { host, isBusy, send } = this.#options;
    if (isBusy()) return;
    const whole = this.#told === undefined;
    const told = (this.#told ??= new Map());
    const added: RingRow[] = [];
    const changes: RingChange[] = [];
    const before = this.#toldRings;
    this.#toldRings = rings;
    for (const [at, ring] of rings.entries()) {
      // Mostly at the place that it had: then it needs no looking up, and nothing of it is touched.
      if (before[at] === ring) continue;
      const known = told.get(ring.id);
      if (known === ring) continue;
      if (known) changes.push(ringChange(known, ring));
      else added.push(ring);
      told.set(ring.id, ring);
    }
    const gone = told.size > rings.length ? idsNotIn(rings, told) : [];
    for (const id of gone) told.delete(id);
    const isOther = added.length > 0 || gone.length > 0 || leftOut !== this.#toldLeftOut;
    this.#toldLeftOut = leftOut;
    if (!whole && !isOther && changes.length === 0) return;
    send('xenscope/ringsFrame', { host, whole, rings: added, changes, gone, leftOut });
  }

  #onFindings(frame: RingsFrame): void {
    this.#latest = frame;
    this.#hasLooked();
    if (this.#options.isBusy()) return;
    const words = JSON.stringify(frame.findings.map(({ id, severity, text }) => [id, severity, text]));
    const isOld = frame.timeMs - this.#toldFindingsMs >= sameFindingsIntervalMs;
    if (words === this.#toldFindings && !(isOld && frame.findings.length > 0)) return;
    this.#toldFindings = words;
    this.#toldFindingsMs = frame.timeMs;
    this.#sendFindings(frame.findings);
  }

  #sendFindings(findings: readonly RingFinding[]): void {
    const { host, send } = this.#options;
    send('xenscope/findings', { host, findings });
  }
}

function idsNotIn(rings: readonly RingRow[], told: ReadonlyMap<string, RingRow>): string[] {
  const ids = new Set(rings.map(({ id }) => id));
  return [...told.keys()].filter((id) => !ids.has(id));
}

/** Frames of one ring for one panel. */
class FrameSender {
  #pageVersion = -1;
  #row: RingRow | undefined;
  #sentMs = 0;

  constructor(
    readonly viewId: number,
    readonly options: RingPost,
  ) {}

  send(view: RingView | undefined): 'gone' | undefined {
    const { viewId } = this;
    const { isBusy, send } = this.options;
    // Also that it is gone waits until the editor reads again: it is told once.
    if (isBusy()) return undefined;
    if (!view) {
      send('xenscope/ringGone', { viewId });
      return 'gone';
    }
    const { page, pageVersion, ...rest } = view;
    const isSame = pageVersion === this.#pageVersion && view.row === this.#row;
    if (isSame && view.timeMs - this.#sentMs < stillFrameIntervalMs) return undefined;
    const frame = pageVersion === this.#pageVersion ? rest : { ...rest, page };
    this.#pageVersion = pageVersion;
    this.#row = view.row;
    this.#sentMs = view.timeMs;
    send('xenscope/ringFrame', { viewId, frame });
    return undefined;
  }
}
