/**
 * Which rings are shared with backends in this domain, kept up to date by watches: one on all backends,
 * one on each frontend. Guests can make it read again as often as they like, so it does that in passes;
 * that an end closes is told at once.
 */
import type { Clock } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient } from '../../server/host/storeClient';
import type { DeviceRing } from '../../server/wire/deviceRings/deviceRing';
import { isRingNode } from '../../server/wire/deviceRings/ringNodes';
import { nodeName } from '../../server/wire/xsPath';
import { backendRoot, listBackends, readDeviceRings, type BackendDevice } from './deviceNodes';
import { Passes, mayGoWellNow } from './passes';
import { StandingWatch } from './standingWatch';

/** Devices beyond these are not looked at. */
const defaultMaxDevices = 2_048;
/** `backend/vbd/3/51712`: what comes or goes above or at this depth is a device. */
const deviceDepth = 4;
/**
 * A device that was told to move so many times in a row, and shared its rings all the same when it was
 * looked at, is believed no more: a guest that writes its state in a loop would hide its rings.
 */
const maxVainLooks = 4;
/** After so long without such a word it is believed again. */
export const quietMs = 2_000;

export interface DeviceListener {
  /** The list is another one than before, or what it says was looked at again. */
  changed(rings: readonly DeviceRing[]): void;
  /** The state of this device is another one now; which, is found out after this. Not told of one that is restless. */
  moved(device: BackendDevice): void;
  /** Only some of the devices are looked at: one sentence, told again only when there was room meanwhile. */
  limited(why: string): void;
}

interface Known {
  readonly device: BackendDevice;
  readonly watch: StandingWatch;
  rings: readonly DeviceRing[];
  /** A state of it was written since it was read, the last time then. */
  hasMoved: boolean;
  movedAtMs: number;
  vainLooks: number;
}

export class DeviceFinder {
  readonly #store: StoreClient;
  readonly #clock: Clock;
  readonly #listener: DeviceListener;
  readonly #maxDevices: number;
  readonly #devices = new Map<string, Known>();
  readonly #passes: Passes;
  readonly #backends: StandingWatch;
  /** What the next pass reads: which devices there are, or only these. */
  #isListStale = false;
  #leavesDevicesOut = false;
  readonly #stale = new Set<string>();
  /** What a pass reads, and has not read yet; what it could not read stays for the next one. */
  readonly #unread = new Set<string>();
  #isClosed = false;

  /** The store's connection is the caller's. */
  constructor(store: StoreClient, clock: Clock, listener: DeviceListener, maxDevices = defaultMaxDevices) {
    this.#store = store;
    this.#clock = clock;
    this.#listener = listener;
    this.#maxDevices = maxDevices;
    this.#passes = new Passes(clock, () => this.#pass());
    this.#backends = new StandingWatch(store, clock, backendRoot, ({ kind, path }) =>
      kind === 'change' ? this.#backendChanged(path) : this.#lookAll(),
    );
  }

  /** Something was heard of this device that is believed, and is not read yet. */
  isMoving({ domid, deviceClass, devid }: Pick<BackendDevice, 'domid' | 'deviceClass' | 'devid'>): boolean {
    return [...this.#stale, ...this.#unread].some((backend) => {
      const known = this.#devices.get(backend);
      if (!known || isRestless(known)) return false;
      const { device } = known;
      return device.domid === domid && device.deviceClass === deviceClass && device.devid === devid;
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#passes.close();
    this.#backends.close();
    for (const { watch } of this.#devices.values()) watch.close();
  }

  #lookAll(): void {
    this.#isListStale = true;
    this.#passes.want();
  }

  #backendChanged(path: string): void {
    const names = path.split('/');
    if (names.length <= deviceDepth || names[deviceDepth] === 'frontend') return this.#lookAll();
    const known = this.#devices.get(names.slice(0, deviceDepth).join('/'));
    if (known && names[deviceDepth] === 'state') this.#moved(known);
  }

  #frontendChanged(known: Known, path: string): void {
    const name = nodeName(path);
    if (name === 'state' || known.device.frontend.startsWith(path)) this.#moved(known);
    else if (isRingNode(name)) this.#look(known);
  }

  #moved(known: Known): void {
    const nowMs = this.#clock.nowMs();
    // Also where the clock was set back.
    if (Math.abs(nowMs - known.movedAtMs) > quietMs) known.vainLooks = 0;
    known.movedAtMs = nowMs;
    known.hasMoved = true;
    if (known.rings.length > 0 && !isRestless(known)) this.#listener.moved(known.device);
    this.#look(known);
  }

  #look({ device }: Known): void {
    this.#stale.add(device.backend);
    this.#passes.want();
  }

  async #pass(): Promise<void> {
    const isListStale = this.#isListStale;
    this.#isListStale = false;
    for (const backend of this.#stale) this.#unread.add(backend);
    this.#stale.clear();
    try {
      if (isListStale) for (const backend of await this.#readFresh()) this.#unread.add(backend);
      for (const backend of this.#unread) {
        await this.#readDevice(backend);
        this.#unread.delete(backend);
      }
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      this.#isListStale ||= isListStale;
      if (mayGoWellNow(error, this.#store)) this.#passes.want();
    }
    if (!this.#isClosed) this.#listener.changed([...this.#devices.values()].flatMap(({ rings }) => rings));
  }

  /** Answers those that were not known. */
  async #readFresh(): Promise<string[]> {
    const listed = new Map((await this.#readList()).map((device) => [device.backend, device]));
    for (const [backend, { device, watch }] of this.#devices) {
      if (listed.get(backend)?.frontend === device.frontend) continue;
      watch.close();
      this.#devices.delete(backend);
    }
    const fresh = [...listed.values()].filter(({ backend }) => !this.#devices.has(backend));
    if (!this.#isClosed) for (const device of fresh) this.#follow(device);
    return fresh.map(({ backend }) => backend);
  }

  async #readList(): Promise<BackendDevice[]> {
    const most = this.#maxDevices;
    // One more tells whether there are more.
    const devices = await listBackends(this.#store, most + 1);
    const leavesOut = devices.length > most;
    if (leavesOut && !this.#leavesDevicesOut) {
      this.#listener.limited(
        `This domain serves more than ${most} devices; only the first ${most} of its backend folders are looked at.`,
      );
    }
    this.#leavesDevicesOut = leavesOut;
    return devices.slice(0, most);
  }

  #follow(device: BackendDevice): void {
    const watch = new StandingWatch(this.#store, this.#clock, device.frontend, ({ kind, path }) => {
      // The first event tells nothing that is not about to be read.
      if (kind === 'resync') this.#moved(known);
      else if (kind === 'change') this.#frontendChanged(known, path);
    });
    const known: Known = { device, watch, rings: [], hasMoved: false, movedAtMs: -Infinity, vainLooks: 0 };
    this.#devices.set(device.backend, known);
  }

  async #readDevice(backend: string): Promise<void> {
    const known = this.#devices.get(backend);
    if (!known) return;
    const { hasMoved } = known;
    known.hasMoved = false;
    known.rings = await readDeviceRings(this.#store, known.device);
    if (known.rings.length === 0) known.vainLooks = 0;
    else if (hasMoved) known.vainLooks++;
  }
}

function isRestless({ vainLooks }: Known): boolean {
  return vainLooks >= maxVainLooks;
}
