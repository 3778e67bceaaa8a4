/**
 * What an editor is told of the devices of one host while it shows them: the list, all at first, then those
 * that changed; single ones in panels; and, where it asks for that, what is wrong with any of them. Each message
 * is made from what is true when it is sent; while the editor does not read, none is. Once nobody has looked
 * for a while, nothing is followed any more.
 */
import type { Clock, Timer } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { DeviceModel } from '../model/devices/deviceModel';
import type { DeviceDetail, DeviceRow } from '../model/devices/deviceTypes';
import type { ApiNotifications } from './api';
import { DeviceFindings } from './deviceFindings';

/** Ten a second: what an eye follows in a row of text. */
export const deviceFrameIntervalMs = 100;
/** Times in a state grow without any news from the store. */
export const ageIntervalMs = 1_000;
/** A view that is closed for less than that finds the history of its devices whole when it is opened again. */
export const restAfterMs = 60_000;
export const maxDeviceViews = 100;

/** The way to the editor. */
export interface DevicePost {
  /** The editor has not taken what it was sent. */
  readonly isBusy: () => boolean;
  readonly sendList: (frame: ApiNotifications['xenscope/devicesFrame']) => void;
  readonly sendView: (frame: ApiNotifications['xenscope/deviceFrame']) => void;
  readonly sendFindings: (news: ApiNotifications['xenscope/deviceFindings']) => void;
}

export interface DeviceFeedOptions extends DevicePost {
  readonly host: string;
  readonly clock: Clock;
  /** Calls back when the rows are to be asked for again. */
  readonly model: (onChange: () => void) => DeviceModel;
  readonly onMistake: (error: unknown) => void;
}

interface Told {
  /** What the editor knows, as text. */
  readonly rows: ReadonlyMap<string, string>;
  readonly leftOut: number;
}

export class DeviceFeed {
  readonly #options: DeviceFeedOptions;
  readonly #model: DeviceModel;
  /** Undefined while the editor shows no list. */
  #told: Told | undefined;
  #isWhole = false;
  /** The devices of the panels. */
  readonly #views = new Map<number, string>();
  /** Undefined while the editor does not ask for them. */
  #findings: DeviceFindings | undefined;
  #timer: Timer | undefined;
  /** When it fires, counted from the same clock: sooner news take its place. */
  #dueMs = Infinity;
  #isTelling = false;
  #restTimer: Timer | undefined;
  #isClosed = false;

  constructor(options: DeviceFeedOptions) {
    this.#options = options;
    this.#model = options.model(() => this.#tellAfter(this.#isShown ? deviceFrameIntervalMs : ageIntervalMs));
  }

  list(): Promise<DeviceRow[]> {
    return this.#model.rows().finally(() => this.#restLater());
  }

  async detail(id: string): Promise<DeviceDetail> {
    const detail = await this.#model.detail(id).finally(() => this.#restLater());
    if (detail) return detail;
    throw new XenscopeError('gone', `There is no device ${id.slice(0, 256)} on this host now.`, {
      wayOut: 'It may have been removed; the view “Devices” shows those that there are.',
    });
  }

  start(): void {
    this.#told = { rows: new Map(), leftOut: 0 };
    this.#isWhole = true;
    this.#tellAfter(0);
  }

  stop(): void {
    this.#told = undefined;
    this.#lookedAway();
  }

  openView(viewId: number, device: string): void {
    if (this.#views.size >= maxDeviceViews) {
      throw new XenscopeError('limit', `${maxDeviceViews} devices are shown on this host already.`, {
        wayOut: 'Close the panel of another device first.',
      });
    }
    this.#views.set(viewId, device);
    this.#tellAfter(0);
  }

  /** Whether there was such a view. */
  closeView(viewId: number): boolean {
    const wasThere = this.#views.delete(viewId);
    if (wasThere) this.#lookedAway();
    return wasThere;
  }

  /** Tells what is found wrong from now on. */
  startFindings(): void {
    const { host, sendFindings } = this.#options;
    this.#findings ??= new DeviceFindings({ host, send: sendFindings });
    this.#tellAfter(ageIntervalMs);
  }

  stopFindings(): void {
    this.#findings?.close();
    this.#findings = undefined;
    this.#lookedAway();
  }

  /** What is to be said of a device changed, and nothing in the store did. */
  judgeAnew(): void {
    this.#tellAfter(ageIntervalMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#views.clear();
    this.stopFindings();
    this.stop();
    this.#restTimer?.cancel();
    this.#model.close();
  }

  get #isShown(): boolean {
    return this.#told !== undefined || this.#views.size > 0;
  }

  get #isLookedAt(): boolean {
    return this.#isShown || this.#findings !== undefined;
  }

  #lookedAway(): void {
    if (this.#isLookedAt) return;
    this.#cancel();
    this.#restLater();
  }

  /** Whoever asks once may ask again. */
  #restLater(): void {
    if (this.#isClosed || this.#isLookedAt) return;
    this.#restTimer?.cancel();
    this.#restTimer = this.#options.clock.after(restAfterMs, () => {
      if (!this.#isLookedAt) this.#model.rest();
    });
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = Infinity;
  }

  #tellAfter(delayMs: number): void {
    if (!this.#isLookedAt || this.#isClosed) return;
    const dueMs = this.#options.clock.nowMs() + delayMs;
    if (dueMs >= this.#dueMs) return;
    this.#cancel();
    this.#dueMs = dueMs;
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#cancel();
      this.#tell().catch(this.#options.onMistake);
    });
  }

  async #tell(): Promise<void> {
    // What changes while it is read, or comes to be looked at, has a timer of its own by then.
    if (this.#isTelling) return this.#tellAfter(deviceFrameIntervalMs);
    this.#isTelling = true;
    try {
      const told = this.#told;
      const rows = await this.#model.rows().catch(emptyWhileAway);
      if (!rows || this.#isClosed) return this.#tellAfter(ageIntervalMs);
      if (this.#options.isBusy()) return this.#tellAfter(deviceFrameIntervalMs);
      // Begun anew while it was read: told with the next look, which has a timer already.
      if (told && told === this.#told) this.#sendList(told, rows);
      this.#findings?.take(rows, this.#options.clock.nowMs());
      for (const [viewId, device] of [...this.#views]) await this.#sendView(viewId, device);
      if (this.#views.size > 0 || !rows.every(isSettled)) this.#tellAfter(ageIntervalMs);
    } finally {
      this.#isTelling = false;
    }
  }

  #sendList({ rows: before, leftOut: leftOutBefore }: Told, rows: readonly DeviceRow[]): void {
    const { host, sendList } = this.#options;
    const now = new Map(rows.map((row) => [row.id, JSON.stringify(row)]));
    const devices = rows.filter(({ id }) => before.get(id) !== now.get(id));
    const gone = [...before.keys()].filter((id) => !now.has(id));
    const { leftOut } = this.#model;
    this.#told = { rows: now, leftOut };
    const whole = this.#isWhole;
    this.#isWhole = false;
    const isNews = devices.length + gone.length > 0 || leftOut !== leftOutBefore;
    if (whole || isNews) sendList({ host, whole, devices, gone, leftOut });
  }

  async #sendView(viewId: number, device: string): Promise<void> {
    const detail = await this.#model.detail(device).catch(emptyWhileAway);
    // Closed while it was read.
    if (!this.#views.has(viewId) || this.#isClosed) return;
    const nowMs = this.#options.clock.nowMs();
    this.#options.sendView(detail ? { viewId, frame: { ...detail, nowMs } } : { viewId });
  }
}

/** One of which nothing is said that grows older. */
function isSettled({ turn, diagnoses }: DeviceRow): boolean {
  return turn.who === 'nobody' && diagnoses.every(({ severity }) => severity === 'fine');
}

/** A store that is away tells of a change when it is back. */
function emptyWhileAway(error: unknown): undefined {
  if (!(error instanceof XenscopeError)) throw error;
  return undefined;
}
