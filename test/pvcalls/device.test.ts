/** PV Calls as a device: what both ends publish, how they agree or refuse, and that nothing stays when it goes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Clock } from '../../server/host/clock';
import type { PvCallsBackend } from '../../server/pvcalls/backend/backend';
import { pvcallsBackend } from '../../server/pvcalls/backend/backDevice';
import { pvcallsFrontend } from '../../server/pvcalls/frontend/frontDevice';
import type { PvCallsFrontend } from '../../server/pvcalls/frontend/frontend';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { XenbusState } from '../../server/wire/xenbusState';
import { errorPath } from '../../server/xenbus/nodes';
import type { BackendKind } from '../../server/xenbus/bus';
import { back, front, illegal, openRig } from '../xenbus/rig';
import type { Rig } from '../xenbus/rig';
import { until } from './rig';

const { Connected, Closing, Closed, Initialised, InitWait } = XenbusState;
const there = { host: '10.0.0.2', port: 80 };

describe('a device of PV Calls', () => {
  let rig: Rig;
  let network: SimNetwork;
  let fronts: PvCallsFrontend[];
  let backs: PvCallsBackend[];

  beforeEach(async () => {
    rig = await openRig();
    network = new SimNetwork();
    fronts = [];
    backs = [];
  });
  afterEach(async () => {
    await rig.remove();
    await rig.holdsNothing();
    await until(() => network.openStreams === 0);
    assert.deepEqual(illegal(rig.moves), []);
    await rig.close();
  });

  const ours = (maxPageOrder?: number): BackendKind =>
    pvcallsBackend({
      network,
      onConnected: (backend) => backs.push(backend),
      ...(maxPageOrder === undefined ? {} : { maxPageOrder }),
    });
  const theirs = (reopens = false) =>
    pvcallsFrontend({ onConnected: (frontend) => fronts.push(frontend), reopens });
  const read = async (path: string) => (await rig.store.read(path)).toString();

  async function echoes(): Promise<void> {
    const binding = await network.bind(there);
    binding.listen(({ stream }) => void stream.on('error', () => undefined).pipe(stream));
  }

  async function speaks(frontend: PvCallsFrontend): Promise<void> {
    const socket = await frontend.connect(there);
    socket.write('hello');
    assert.equal(String(((await once(socket, 'data')) as [Buffer])[0]), 'hello');
    socket.destroy();
    await socket.released;
  }

  it('case 96: has its backend say what it can before it waits', async () => {
    const seen: string[] = [];
    const watch = await rig.store.watch(back);
    const following = (async () => {
      for await (const { path } of watch) {
        seen.push(path.slice(back.length + 1));
        if (path === `${back}/state` && (await read(`${back}/state`)) === '2') return;
      }
    })();
    rig.runBackend(ours(4).policy, ours(4).make);
    await rig.add();
    await following;
    await watch.close();
    const last = seen.lastIndexOf('state');
    for (const name of ['versions', 'max-page-order', 'function-calls']) {
      assert.ok(seen.indexOf(name) >= 0 && seen.indexOf(name) < last, `${name}: ${seen.join()}`);
    }
    assert.equal(await read(`${back}/versions`), '1');
    assert.equal(await read(`${back}/max-page-order`), '4');
    assert.equal(await read(`${back}/function-calls`), '1');
    assert.equal(rig.moves.at(-1)?.to, InitWait);
  });

  it('connects, carries bytes, and does so again when it was closed', async () => {
    await echoes();
    rig.runKinds(ours(), theirs(true));
    await rig.add();
    await rig.reaches({ frontend: Connected, backend: Connected });
    await until(() => fronts.length === 1);
    assert.equal(await read(`${front}/version`), '1');
    assert.ok(Number(await read(`${front}/ring-ref`)) > 0 && Number(await read(`${front}/port`)) > 0);
    assert.ok(rig.moves.some(({ side, to }) => side === 'frontend' && to === Initialised));
    await speaks(fronts[0]!);
    const socket = await fronts[0]!.connect(there);
    const failed = once(socket, 'error');
    await rig.store.write(`${back}/state`, String(Closing));
    assert.match(String((await failed)[0]), /has disconnected/);
    await until(() => fronts.length === 2);
    await speaks(fronts[1]!);
    assert.equal(backs[0]!.sockets.size, 0);
  });

  it('leaves nothing when its frontend vanishes in the middle', async () => {
    await echoes();
    rig.runKinds(ours(), theirs());
    await rig.add();
    await until(() => fronts.length === 1);
    const sockets = await Promise.all(Array.from({ length: 5 }, () => fronts[0]!.connect(there)));
    for (const socket of sockets) socket.on('error', () => undefined).write(Buffer.alloc(100_000));
    await fronts[0]!.listen({ host: '10.0.0.1', port: 22 });
    assert.equal(network.listeners, 2);
    await rig.remove();
    await rig.holdsNothing();
    await until(() => network.listeners === 1);
  });

  for (const [what, changes, why] of [
    ['of another version', [['versions', '2,3']], /offers the versions "2,3"/],
    ['without calls', [['function-calls', 0]], /offers no calls/],
    ['without data rings', [['max-page-order', 0]], /offers no data rings/],
  ] as const) {
    it(`refuses a backend ${what}, and says why`, async () => {
      const { policy } = ours();
      const entries = new Map<string, string | number>([
        ['versions', '1'],
        ['max-page-order', 4],
        ['function-calls', 1],
        ...changes,
      ]);
      rig.runKinds({ policy, make: () => ({ init: () => [...entries] }) }, theirs());
      await rig.add();
      await rig.reaches({ frontend: Closed });
      assert.match(await read(errorPath(front)), why);
      assert.equal(fronts.length, 0);
    });
  }

  it('asks a backend that cannot be used again and again, and more and more rarely', async () => {
    const restsMs: number[] = [];
    // As if no time passed: what is asked for is what matters.
    const clock: Clock = {
      nowMs: () => 0,
      after: (delayMs, run) => {
        restsMs.push(delayMs);
        const soon = setImmediate(run);
        return { cancel: () => clearImmediate(soon) };
      },
    };
    await rig.close();
    rig = await openRig({ clock });
    const { policy } = ours();
    let versions = '2';
    const entries = () => [
      ['versions', versions] as const,
      ['max-page-order', 4] as const,
      ['function-calls', 1] as const,
    ];
    rig.runKinds({ policy, make: () => ({ init: entries }) }, theirs(true));
    await rig.add();
    await until(() => restsMs.length >= 9);
    assert.deepEqual(restsMs.slice(0, 9), [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    versions = '1';
    await rig.store.write(`${back}/versions`, versions);
    await until(() => fronts.length > 0);
  });

  it('takes one that offers several versions, and no more than its order', async () => {
    await echoes();
    const kind = ours(1);
    rig.runKinds(
      {
        ...kind,
        make: (device) => {
          const made = kind.make(device);
          return { ...made, init: async () => [...(await made.init!()), ['versions', '1,2']] };
        },
      },
      theirs(),
    );
    await rig.add();
    await until(() => fronts.length === 1);
    await speaks(fronts[0]!);
    await assert.rejects(fronts[0]!.connect(there, { order: 2 }), /cannot be had/);
  });

  it('closes where the frontend names no command ring', async () => {
    rig.runBackend(ours().policy, ours().make);
    await rig.add();
    await rig.reaches({ backend: InitWait });
    await rig.store.write(`${front}/state`, String(Initialised));
    await rig.reaches({ backend: Closing });
    assert.match(await read(errorPath(back)), /names no command ring/);
  });
});
