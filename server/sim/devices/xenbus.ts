/**
 * The two ends of a device and how they speak through their `state` nodes: small versions of what
 * Linux' xenbus does (drivers/xen/xenbus), enough for handshakes without rings.
 */
import { isStoreError } from '../../host/errors';
import type { StoreClient, StoreOperations } from '../../host/storeClient';
import { XenbusState } from '../../wire/xenbusState';
import type { Domain } from '../domain';

export type Entries = readonly (readonly [name: string, value: string | number])[];

/** Undefined when the node is missing or may not be read. */
export async function readText(store: StoreOperations, path: string): Promise<string | undefined> {
  try {
    return (await store.read(path)).toString('latin1');
  } catch (error) {
    if (isStoreError(error, 'ENOENT') || isStoreError(error, 'EACCES')) return undefined;
    throw error;
  }
}

/** A state that cannot be read counts as Unknown, as the real drivers have it. */
export async function readState(store: StoreOperations, devicePath: string): Promise<XenbusState> {
  const text = (await readText(store, `${devicePath}/state`)) ?? '';
  return /^[0-8]$/.test(text) ? (Number(text) as XenbusState) : XenbusState.Unknown;
}

/** Asked all at once; the store takes them in this order. */
export async function writeEntries(store: StoreOperations, folder: string, entries: Entries): Promise<void> {
  await Promise.all(entries.map(([name, value]) => store.write(`${folder}/${name}`, String(value))));
}

/** One end of one device while its driver holds it. */
export class DeviceEnd {
  constructor(
    readonly domain: Domain,
    /** The device's own folder, as the domain names it: `device/vif/0`, `backend/vbd/3/51712`. */
    readonly path: string,
    /** Aborted when the folder goes away or the domain halts. */
    readonly signal: AbortSignal,
  ) {}

  get store(): StoreClient {
    return this.domain.store;
  }

  get devid(): number {
    return Number(this.path.slice(this.path.lastIndexOf('/') + 1));
  }

  read(name: string): Promise<string | undefined> {
    return readText(this.store, `${this.path}/${name}`);
  }

  state(): Promise<XenbusState> {
    return readState(this.store, this.path);
  }

  /** Writes several nodes at once, unless the device has gone. */
  publish(entries: Entries): Promise<void> {
    return this.store.transaction(async (transaction) => {
      if ((await readState(transaction, this.path)) === XenbusState.Unknown) return;
      await writeEntries(transaction, this.path, entries);
    });
  }

  /** Never brings back a `state` node that somebody removed, and writes nothing when nothing changes. */
  switchState(state: XenbusState): Promise<void> {
    return this.store.transaction(async (transaction) => {
      const present = await readState(transaction, this.path);
      if (present === XenbusState.Unknown || present === state) return;
      await transaction.write(`${this.path}/state`, String(state));
    });
  }

  /** The moment that real hardware, scripts and schedulers take: long enough to be seen. */
  async pause(): Promise<void> {
    await this.domain.sleep(150, 600);
    this.signal.throwIfAborted();
  }

  /** Calls `look` with each state of the other end, `otherPath` being its folder; one may come twice. */
  followState(otherPath: string, look: (theirs: XenbusState) => Promise<unknown>): Promise<boolean> {
    return this.domain.follow(
      `${otherPath}/state`,
      async () => look(await readState(this.store, otherPath)),
      { signal: this.signal },
    );
  }
}

/** Holds one end of a device until the device or the domain is gone. */
export type Driver = (end: DeviceEnd) => Promise<void>;
