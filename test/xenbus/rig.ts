/**
 * One device between domain 0 and domain 3: a store, a machine for its rings, a toolstack that adds
 * and removes it, and the drivers of both ends, or of one while the test plays the other.
 */
import { systemClock } from '../../server/cli/systemClock';
import type { Clock } from '../../server/host/clock';
import type { StoreClient, StoreOperations } from '../../server/host/storeClient';
import { openStoreClient } from '../../server/store/client/storeClient';
import type { Dial } from '../../server/store/byteStream';
import { Xenstored } from '../../server/store/xenstored';
import { isXenbusMove } from '../../server/wire/xenbusDance';
import type { XenbusSide } from '../../server/wire/xenbusDance';
import type { XenbusState } from '../../server/wire/xenbusState';
import { runBackends, runFrontends } from '../../server/xenbus/bus';
import type { BackendKind, FrontendKind } from '../../server/xenbus/bus';
import type { MakeDevice } from '../../server/xenbus/deviceClass';
import { readState } from '../../server/xenbus/nodes';
import { otherNumber } from '../../server/xenbus/otherEnd';
import type { BackendPolicy } from '../../server/xenbus/policies/backendPolicy';
import type { FrontendHabits } from '../../server/xenbus/policies/frontendPolicy';
import { xenbusPorts } from '../../server/xenbus/ports';
import { back, front, writeDevice } from '../support/deviceNodes';
import type { DeviceStates } from '../support/deviceNodes';
import { newMachine } from '../support/machineHost';

export { back, front };

/** A `state` that a driver wrote. */
export interface Move {
  readonly side: XenbusSide;
  readonly from: XenbusState;
  readonly to: XenbusState;
}

export type Rig = Awaited<ReturnType<typeof openRig>>;

/** A store of our own in this process, unless `dial` leads to another. */
export async function openRig({
  dial,
  pauseMs,
  clock = systemClock,
}: { dial?: Dial; pauseMs?: number; clock?: Clock } = {}) {
  const xenstored = dial ? undefined : new Xenstored({ clock: systemClock });
  const connect = () =>
    openStoreClient({ dial: dial ?? xenstored!.connect({ domid: 0 }), clock: systemClock });
  const store = connect();
  const machine = newMachine();
  for (const domid of [0, 3]) machine.createDomain(domid);
  const before = usage();
  const moves: Move[] = [];
  const calls: string[] = [];
  const log: string[] = [];
  const ended = new AbortController();
  const running: Promise<void>[] = [];
  const clients: StoreClient[] = [store];

  function usage() {
    return [0, 3].map((domid) => machine.usageOf(domid));
  }

  function portsOf(domid: number, side: XenbusSide) {
    const client = connect();
    clients.push(client);
    const { grants, events } = machine.portsOf(domid);
    return xenbusPorts({
      domid,
      store: recordingMoves(client, side, moves),
      grants,
      events,
      clock,
      signal: ended.signal,
      log: (line) => log.push(line),
      ...(pauseMs === undefined ? {} : { pauseMs }),
    });
  }

  return {
    store,
    machine,
    /** What the drivers wrote, in order. */
    moves,
    /** What the drivers asked of the classes, e.g. `backend initialise`. */
    calls,
    log,
    connect() {
      const client = connect();
      clients.push(client);
      return client;
    },
    /** What both domains hold beyond what they were made with. */
    usage,
    before,
    runBackend(policy: BackendPolicy, make: MakeDevice = ringBackend(calls)) {
      running.push(runBackends(portsOf(0, 'backend'), '/local/domain/0/backend', { vif: { policy, make } }));
    },
    /** Drivers of one's own, under the kind `vif`. */
    runKinds(backend: BackendKind, frontend: FrontendKind) {
      running.push(
        runBackends(portsOf(0, 'backend'), '/local/domain/0/backend', { vif: backend }),
        runFrontends(portsOf(3, 'frontend'), { vif: frontend }, '/local/domain/3/device'),
      );
    },
    runFrontend(habits: FrontendHabits, make: MakeDevice = ringFrontend(calls)) {
      running.push(runFrontends(portsOf(3, 'frontend'), { vif: { habits, make } }, '/local/domain/3/device'));
    },
    /** As the toolstack adds it, in one transaction; in these states, where somebody has had it before. */
    add: (states: DeviceStates = {}) => store.transaction((transaction) => writeDevice(transaction, states)),
    async remove() {
      for (const path of [front, back]) await store.rm(path).catch(() => undefined);
    },
    states: async () => [await readState(store, front), await readState(store, back)] as const,
    /** Resolves when both `state` nodes read so. */
    async reaches(wanted: Partial<Record<XenbusSide, XenbusState>>): Promise<void> {
      for (const [side, state] of Object.entries(wanted) as [XenbusSide, XenbusState][]) {
        await stateReached(store, side === 'frontend' ? front : back, state);
      }
    },
    /** Resolves when a driver of that side has moved there, even if it went on since. */
    async moved(side: XenbusSide, to: XenbusState): Promise<void> {
      while (!moves.some((move) => move.side === side && move.to === to)) await turn();
    },
    /** Resolves when nothing is held any more beyond what the domains were made with. */
    async holdsNothing(): Promise<void> {
      for (;;) {
        if (JSON.stringify(usage()) === JSON.stringify(before)) return;
        await turn();
      }
    },
    async endDrivers(): Promise<void> {
      ended.abort(new Error('the test ends'));
      await Promise.all(running);
    },
    async close(): Promise<void> {
      await this.endDrivers();
      for (const client of clients) await client.close();
      machine.close();
      await xenstored?.close();
    },
  };
}

export const turn = () => new Promise((resolve) => setImmediate(resolve));

async function stateReached(store: StoreClient, path: string, state: XenbusState): Promise<void> {
  const watch = await store.watch(`${path}/state`);
  try {
    for await (const event of watch) {
      void event;
      if ((await readState(store, path)) === state) return;
    }
  } finally {
    await watch.close();
  }
}

/** Shares one page and one event channel. */
export const ringFrontend =
  (calls: string[]): MakeDevice =>
  (device) => ({
    init: () => note(calls, 'frontend init', []),
    initialise: () => {
      calls.push('frontend initialise');
      const { grefs } = device.resources.share(device.other.domid, 1);
      const { port } = device.resources.bindUnbound(device.other.domid);
      return [
        ['ring-ref', grefs[0]!],
        ['event-channel', port],
      ];
    },
    connected: () => void calls.push('frontend connected'),
    disconnect: () => void calls.push('frontend disconnect'),
    free: () => void calls.push('frontend free'),
  });

export const ringBackend =
  (calls: string[]): MakeDevice =>
  (device) => ({
    init: () => note(calls, 'backend init', [['feature-x', 1]] as const),
    initialise: async () => {
      calls.push('backend initialise');
      const gref = (await otherNumber(device, 'ring-ref')) ?? 0;
      const port = (await otherNumber(device, 'event-channel')) ?? 0;
      device.resources.map(device.other.domid, [gref]);
      device.resources.bindInterdomain(device.other.domid, port);
      return [['sectors', 8]];
    },
    connected: () => void calls.push('backend connected'),
    disconnect: () => void calls.push('backend disconnect'),
    free: () => void calls.push('backend free'),
  });

/** A backend without rings, for tests that play the frontend with nothing but its state. */
export const bareBackend =
  (calls: string[]): MakeDevice =>
  () => ({
    init: () => note(calls, 'init', []),
    initialise: () => note(calls, 'initialise', []),
    connected: () => void calls.push('connected'),
    disconnect: () => void calls.push('disconnect'),
  });

function note<T>(calls: string[], call: string, answer: T): T {
  calls.push(call);
  return answer;
}

/** Notes each `state` that is written in a transaction which the store took, with what it was before. */
function recordingMoves(client: StoreClient, side: XenbusSide, moves: Move[]): StoreClient {
  return new Proxy(client, {
    get(target, name) {
      if (name !== 'transaction') {
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      }
      return async <T>(body: (operations: StoreOperations) => Promise<T>, options?: object): Promise<T> => {
        let written: Move[] = [];
        const result = await target.transaction(async (transaction) => {
          written = [];
          return body(noting(transaction, side, written));
        }, options);
        moves.push(...written);
        return result;
      };
    },
  });
}

function noting(transaction: StoreOperations, side: XenbusSide, written: Move[]): StoreOperations {
  return new Proxy(transaction, {
    get(target, name) {
      const value = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      if (name !== 'write') return value.bind(target);
      return async (path: string, text: string) => {
        if (path.endsWith('/state')) {
          const from = await readState(target, path.slice(0, -'/state'.length));
          written.push({ side, from, to: Number(text) as XenbusState });
        }
        await target.write(path, text);
      };
    },
  });
}

/** Moves that the rules do not have, in words. */
export function illegal(moves: readonly Move[]): string[] {
  return moves
    .filter(({ side, from, to }) => !isXenbusMove(side, from, to))
    .map(({ side, from, to }) => `${side} ${from} → ${to}`);
}
