/** Our two ends of a ring, with the store behind one and a client behind the other. */
import assert from 'node:assert/strict';
import { XenscopeError, type XenscopeErrorCode } from '../../../server/host/errors';
import type { EventPort } from '../../../server/host/events';
import type { RingSteps } from '../../../server/host/steps';
import type { StoreClient } from '../../../server/host/storeClient';
import { dialRing, type RingDial, type RingDialOptions } from '../../../server/store/client/ringDial';
import { openStoreClient } from '../../../server/store/client/storeClient';
import type { Quotas } from '../../../server/store/quotas';
import { Xenstored } from '../../../server/store/xenstored';
import { XsRingFeature } from '../../../server/wire/xsRing';
import { ringPage, type Courier, type RingPage } from '../../support/ringPage';
import { ManualClock, until } from '../client/support';

export const BOTH = XsRingFeature.RECONNECTION | XsRingFeature.ERROR;
export const GUEST_DOMID = 1;

export interface RigOptions {
  readonly features?: number;
  readonly courier?: Courier;
  readonly serverSteps?: RingSteps;
  readonly quotas?: Partial<Quotas>;
  /** What a second INTRODUCE binds; the same doorbell without it. */
  readonly rebind?: (port: number) => EventPort;
}

export interface Rig {
  readonly store: Xenstored;
  readonly dom0: StoreClient;
  readonly page: RingPage;
  readonly clock: ManualClock;
  readonly log: string[];
  /** A guest on the page; a client on it is asked to come back as soon as the ring allows it. */
  guest(options?: Partial<RingDialOptions>): { readonly dial: RingDial; readonly client: StoreClient };
  dial(options?: Partial<RingDialOptions>): RingDial;
  introduce(): Promise<void>;
  close(): Promise<void>;
}

/** Domain 1 with a home of its own; introduced unless `introduce` is left to the test. */
export async function openRig(options: RigOptions = {}, isIntroduced = true): Promise<Rig> {
  const page = ringPage(options.courier);
  const clock = new ManualClock();
  const log: string[] = [];
  const store = new Xenstored({
    clock,
    quotas: options.quotas,
    log: (line) => log.push(line),
    rings: {
      features: options.features ?? BOTH,
      attach: () => ({
        memory: page.memory,
        port: page.serverPort,
        steps: options.serverSteps,
        rebind: options.rebind ?? (() => page.serverPort),
        detach: () => undefined,
      }),
    },
  });
  const clients: StoreClient[] = [];
  const dials: RingDial[] = [];
  const opened = (client: StoreClient): StoreClient => {
    clients.push(client);
    return client;
  };
  const dom0 = opened(openStoreClient({ dial: store.connect({ domid: 0 }), clock }));
  store.domainCreated(GUEST_DOMID);
  await dom0.write('/local/domain/1', '');
  await dom0.setPerms('/local/domain/1', [{ domid: GUEST_DOMID, read: false, write: false }]);
  const introduce = () => dom0.introduce(GUEST_DOMID, 1, 1);
  if (isIntroduced) await introduce();
  const dial = (more: Partial<RingDialOptions> = {}): RingDial => {
    const made = dialRing({ memory: page.memory, port: page.guestPort, ...more });
    dials.push(made);
    return made;
  };
  return {
    store,
    dom0,
    page,
    clock,
    log,
    dial,
    introduce,
    guest(more = {}) {
      const made = dial({ onReconnect: () => client.retryNow(), ...more });
      const client: StoreClient = opened(openStoreClient({ dial: made, clock }));
      return { dial: made, client };
    },
    async close() {
      for (const made of dials) made.close();
      await Promise.all(clients.map((client) => client.close()));
      await store.close();
    },
  };
}

export async function untilState(client: StoreClient, kind: StoreClient['state']['kind']): Promise<void> {
  await until(() => client.state.kind === kind);
}

export function isCode(...codes: XenscopeErrorCode[]) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof XenscopeError, String(error));
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    return true;
  };
}
