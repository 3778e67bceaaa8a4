/** What the cases of the client's suite stand on: a server, clients of it, and how they wait and compare. */
import assert from 'node:assert/strict';
import { systemClock, systemRandom } from '../../../server/cli/systemClock';
import { isStoreError, XenscopeError } from '../../../server/host/errors';
import type { StoreClient, StoreWatch, WatchEvent } from '../../../server/host/storeClient';
import type { Dial } from '../../../server/store/byteStream';
import type { StoreClientLimits } from '../../../server/store/client/limits';
import { openStoreClient } from '../../../server/store/client/storeClient';
import type { XsErrorName } from '../../../server/wire/errno';
import { parseXsPerm } from '../../../server/wire/xsPerms';

export interface StoreUnderTest {
  readonly dial: Dial;
  /** Ends the server at once; its clients lose their connections. */
  kill(): Promise<void>;
  /** Starts it again at the same place, with an empty store. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface SuiteOptions {
  /** The longest value that the server takes; by default what fits in one message. */
  readonly longestValueBytes?: number;
  /** How many children the directories have that are listed. */
  readonly directorySizes?: readonly number[];
  /** How long the names in those directories are, at least: with long ones fewer are needed for a long list. */
  readonly nameBytes?: number;
  /** How many requests are asked at once; a multiple of 100. Ways that ask one by one take their time. */
  readonly requestsAtOnce?: number;
  /** A daemon under a real Xen knows real domains only, and cannot be started a second time. */
  readonly isUnderXen?: boolean;
  /** What is answered to a request to end all watches, where it cannot be. */
  readonly resetWatches?: 'works' | XsErrorName;
  /**
   * Whether what one connection sends arrives in its order, events and replies alike; libxenstore
   * and the kernel's device give them through two doors.
   */
  readonly eventsKeepOrder?: boolean;
  /**
   * What becomes of lists that do not fit in one message. oxenstored sends them in one: libxenstore
   * drops its connection then, and over a ring the daemon itself refuses.
   */
  readonly longLists?: 'work' | 'cost the connection' | XsErrorName;
}

export class SuiteRig {
  server!: StoreUnderTest;
  /** The client that a test begins with. */
  store!: StoreClient;
  readonly #clients: StoreClient[] = [];

  constructor(readonly options: Required<SuiteOptions>) {}

  connect(limits?: Partial<StoreClientLimits>): StoreClient {
    const { dial } = this.server;
    const client = openStoreClient({ dial, clock: systemClock, random: systemRandom, limits });
    this.#clients.push(client);
    return client;
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
  }
}

export function isError(name: XsErrorName) {
  return (error: unknown) => {
    assert.ok(isStoreError(error, name), `expected ${name}, got ${String(error)}`);
    return true;
  };
}

export function isCode(code: XenscopeError['code']) {
  return (error: unknown) => {
    assert.ok(
      error instanceof XenscopeError && error.code === code,
      `expected ${code}, got ${String(error)}`,
    );
    return true;
  };
}

export function perm(text: string) {
  return parseXsPerm(text)!;
}

/** The next events of a watch; fewer when it has ended. */
export async function take(watch: StoreWatch, count: number): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  if (count === 0) return events;
  for await (const event of watch) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

export async function until(watch: StoreWatch, isIt: (event: WatchEvent) => boolean): Promise<void> {
  for await (const event of watch) if (isIt(event)) return;
  assert.fail('the watch ended');
}

export function stateOf(store: StoreClient, kind: StoreClient['state']['kind']): Promise<void> {
  return new Promise((resolve) => {
    if (store.state.kind === kind) return resolve();
    const stop = store.onStateChange((state) => {
      if (state.kind !== kind) return;
      stop();
      resolve();
    });
  });
}
