/**
 * What an editor is told of the PV Calls devices of one host while it shows them: the list, all at first, then those
 * that changed; and single devices in panels. Devices whose commands cannot be seen are known by the store alone, and
 * say why. Messages are made from what is true when they are sent; while the editor does not read, none is.
 */
import type { Clock, Timer } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { DeviceRow } from '../model/devices/deviceTypes';
import type { SeenTime } from '../model/heldTime';
import { compareNames } from '../model/naturalOrder';
import type { PvCallsDevice } from '../model/pvcalls/pvcallsDevice';
import type { PvCallsDeviceRow } from '../model/pvcalls/pvcallsTypes';
import type { PvCallsWatch } from '../model/pvcalls/pvcallsWatch';
import type { RingSubscription } from '../model/rings/ringWatch';
import { bySeverity } from '../model/severity';
import { XenbusState } from '../wire/xenbusState';
import type { ApiNotifications } from './api';
import { PvCallsFrames } from './pvcallsFrames';

/** Ten a second: what an eye follows in a table. */
export const minPvCallsIntervalMs = 100;
/** How often the store is asked which devices there are, and a panel in which nothing happens is told of the time. */
export const pvcallsStoreIntervalMs = 1_000;
export const maxPvCallsViews = 32;

/** The way to the editor. */
export interface PvCallsPost {
  /** The editor has not taken what it was sent. */
  readonly isBusy: () => boolean;
  readonly sendList: (frame: ApiNotifications['xenscope/pvcallsFrame']) => void;
  readonly sendView: (frame: ApiNotifications['xenscope/pvcallsDeviceFrame']) => void;
}

export interface PvCallsFeedOptions extends PvCallsPost {
  readonly host: string;
  readonly clock: Clock;
  /** Absent where no page can be reached. */
  readonly watch: PvCallsWatch | undefined;
  /** All devices of the host, by its store. */
  readonly devices: () => Promise<readonly DeviceRow[]>;
  readonly nameDomain: (domid: number) => string;
  /** Why no page can be reached, where that is so. */
  readonly whyNoPages: () => string | undefined;
  readonly onMistake: (error: unknown) => void;
}

interface View {
  readonly device: string;
  readonly frames: PvCallsFrames;
  readonly subscription: RingSubscription | undefined;
}

export class PvCallsFeed {
  readonly #options: PvCallsFeedOptions;
  /** What the editor knows of the list, as text; undefined while it shows none. */
  #told: Map<string, string> | undefined;
  #isWhole = false;
  #list: RingSubscription | undefined;
  readonly #views = new Map<number, View>();
  /** As the store told them last. */
  #devices: readonly DeviceRow[] = [];
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: PvCallsFeedOptions) {
    this.#options = options;
  }

  /** All that there are now. */
  async rows(): Promise<readonly PvCallsDeviceRow[]> {
    await this.#askStore();
    this.#options.watch?.lookNow();
    return this.#rows();
  }

  /** Asked again, all is told anew. */
  start(intervalMs: number): void {
    this.#list?.stop();
    this.#told = new Map();
    this.#isWhole = true;
    this.#list = this.#options.watch?.subscribe(() => this.#tellList(), bounded(intervalMs));
    this.#follow();
  }

  stop(): void {
    this.#list?.stop();
    this.#list = undefined;
    this.#told = undefined;
    this.#unfollow();
  }

  openView(viewId: number, device: string, intervalMs: number): void {
    if (this.#views.size >= maxPvCallsViews) {
      throw new XenscopeError(
        'limit',
        `${maxPvCallsViews} PV Calls devices are shown on this host already.`,
        {
          wayOut: 'Close the panel of another device first.',
        },
      );
    }
    const frames = new PvCallsFrames(viewId, this.#options);
    const tell = (time: SeenTime) => frames.send(this.#seen(device), this.#unseen(device), time);
    const subscription = this.#options.watch?.subscribe(tell, bounded(intervalMs));
    this.#views.set(viewId, { device, frames, subscription });
    this.#follow();
  }

  /** Whether there was such a view. */
  closeView(viewId: number): boolean {
    this.#views.get(viewId)?.subscription?.stop();
    const wasThere = this.#views.delete(viewId);
    if (wasThere) this.#unfollow();
    return wasThere;
  }

  close(): void {
    this.#isClosed = true;
    for (const viewId of [...this.#views.keys()]) this.closeView(viewId);
    this.stop();
  }

  get #isLookedAt(): boolean {
    return !this.#isClosed && (this.#told !== undefined || this.#views.size > 0);
  }

  #follow(): void {
    this.#timer ??= this.#options.clock.after(0, () => void this.#askOn());
  }

  #unfollow(): void {
    if (this.#isLookedAt) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #askOn(): Promise<void> {
    await this.#askStore().catch(this.#options.onMistake);
    if (!this.#isLookedAt) return;
    this.#tellList();
    this.#tellUnseen();
    this.#timer = this.#options.clock.after(pvcallsStoreIntervalMs, () => void this.#askOn());
  }

  /** A store that is away leaves what was known. */
  async #askStore(): Promise<void> {
    try {
      const devices = await this.#options.devices();
      this.#devices = devices.filter(({ kind }) => kind === 'pvcalls');
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
    }
  }

  #seen(id: string): PvCallsDevice | undefined {
    return this.#options.watch?.device(id);
  }

  /** One whose commands cannot be seen. */
  #unseen(id: string): PvCallsDeviceRow | undefined {
    const device = this.#devices.find((each) => each.id === id);
    return device && this.#unseenRow(device);
  }

  #rows(): PvCallsDeviceRow[] {
    const { watch } = this.#options;
    const byStore = new Map(this.#devices.map((device) => [device.id, device]));
    const seen = (watch?.devices ?? []).map(({ row }) => withNodes(row, byStore.get(row.id)));
    const ids = new Set(seen.map(({ id }) => id));
    const unseen = this.#devices.filter(({ id }) => !ids.has(id)).map((device) => this.#unseenRow(device));
    return [...seen, ...unseen].sort((one, other) => compareNames(one.id, other.id));
  }

  #unseenRow({ id, devid, frontend, backend, diagnoses }: DeviceRow): PvCallsDeviceRow {
    const { nameDomain } = this.#options;
    const end = ({ path, domid }: DeviceRow['frontend']) => ({ path, domid, name: nameDomain(domid) });
    return {
      id,
      devid,
      frontend: end(frontend),
      backend: end(backend),
      unseen: this.#options.watch?.whyUnheard(id) ?? this.#whyUnseen(frontend, backend),
      sockets: { all: 0, connected: 0, listening: 0, failed: 0 },
      inFlight: 0,
      callsPerSecond: 0,
      inPerSecond: 0,
      outPerSecond: 0,
      diagnoses,
    };
  }

  #whyUnseen(frontend: DeviceRow['frontend'], backend: DeviceRow['backend']): string {
    const why = this.#options.whyNoPages();
    if (why !== undefined) return why;
    if (frontend.state !== XenbusState.Connected && frontend.state !== XenbusState.Initialised) {
      return 'It is not connected: the command ring is there from the moment when the frontend has published it.';
    }
    return `Its command ring is lent to domain ${backend.domid}: only there can it be looked at, and it was not yet.`;
  }

  #tellList(): void {
    const { host, isBusy, sendList } = this.#options;
    const told = this.#told;
    if (!told || isBusy()) return;
    const rows = this.#rows();
    const devices: PvCallsDeviceRow[] = [];
    const gone = new Set(told.keys());
    for (const row of rows) {
      const words = JSON.stringify(row);
      gone.delete(row.id);
      if (told.get(row.id) === words) continue;
      told.set(row.id, words);
      devices.push(row);
    }
    for (const id of gone) told.delete(id);
    const whole = this.#isWhole;
    this.#isWhole = false;
    if (whole || devices.length + gone.size > 0) sendList({ host, whole, devices, gone: [...gone] });
  }

  /** Panels that no look at pages drives. */
  #tellUnseen(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const { device, frames, subscription } of this.#views.values()) {
      if (!subscription) frames.send(undefined, this.#unseen(device), { nowMs, activeMs: nowMs });
    }
  }
}

function bounded(intervalMs: number): number {
  return Math.max(minPvCallsIntervalMs, intervalMs);
}

/** With what the device doctor says of its nodes. What was seen of its calls stands among that already. */
function withNodes(row: PvCallsDeviceRow, device: DeviceRow | undefined): PvCallsDeviceRow {
  const known = new Set(row.diagnoses.map(({ rule, text }) => `${rule} ${text}`));
  const more = (device?.diagnoses ?? []).filter(
    ({ severity, rule, text }) => severity !== 'fine' && !known.has(`${rule} ${text}`),
  );
  if (more.length === 0) return row;
  const troubles = row.diagnoses.filter(({ severity }) => severity !== 'fine');
  return { ...row, diagnoses: [...more, ...troubles].sort(bySeverity) };
}
