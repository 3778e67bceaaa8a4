/** Our ends of a vchan and Debian's libxenvchan, unchanged, in two domains of a simulated world. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { PassThrough, type Duplex } from 'node:stream';
import { openStoreClient } from '../../../server/store/client/storeClient';
import type { StoreClient } from '../../../server/host/storeClient';
import { systemClock } from '../../../server/cli/systemClock';
import { connectVchan } from '../../../server/vchan/connect';
import type { VchanPorts } from '../../../server/vchan/ports';
import { serveVchan, type ServeOptions } from '../../../server/vchan/serve';
import type { Vchan } from '../../../server/vchan/vchan';
import { vchanStream } from '../../../server/vchan/vchanStream';
import { vchanPaths } from '../../../server/wire/vchanPath';
import { chooseVchanOrders, vchanOrdersProblem } from '../../../server/wire/vchanRings';
import { XEN_BIN, describeWithDaemons } from '../daemons/requirements';
import { effort } from '../../fuzz/seed';
import { ProgramWorld, compile, dialPatiently, until, type Program } from './kit';
import { VchanBytes, hashOf, readHash, writeAll, exchangeBytes } from './vchanBytes';

const megabyte = 2 ** 20;
const total = 4 * megabyte;
/** A gigabyte in a soak. */
const manyBytes = 8 * megabyte * effort;

interface Ends {
  readonly vchan: Vchan;
  readonly peer: Program;
}

describeWithDaemons('our ends of a vchan with libxenvchan', function () {
  this.timeout(60_000 * effort);
  let program: string;
  let worlds: ProgramWorld;
  let ours: VchanPorts;
  let stores: StoreClient[];
  let oursDomid: number;
  let theirsDomid: number;
  before(() => (program = compile('vchan.c', 'xenvchan')));

  beforeEach(async () => {
    worlds = await ProgramWorld.open();
    [oursDomid, theirsDomid] = [await worlds.domain('ours'), await worlds.domain('theirs')];
    stores = [];
    ours = openPorts();
  });

  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await worlds.close();
  });

  function openPorts(): VchanPorts {
    const { world } = worlds;
    const dial = world.store.connect({ domid: oursDomid });
    const store = openStoreClient({ dial, clock: systemClock });
    stores.push(store);
    const { grants, events } = world.machine.portsOf(oursDomid);
    return { store, grants, events };
  }

  const usage = () => {
    const { machine } = worlds.world;
    return { pages: machine.pagesInUse, of: [oursDomid, theirsDomid].map((domid) => machine.usageOf(domid)) };
  };

  async function nodesBelow(domid: number): Promise<string[]> {
    const store = openStoreClient({ dial: worlds.world.store.connect({ domid: 0 }), clock: systemClock });
    const names = await store.directory(`/local/domain/${domid}/data`);
    await store.close();
    return names;
  }

  /** Our server, and a client of theirs. */
  async function serve(options: Partial<ServeOptions>, ...how: readonly (string | number)[]) {
    const paths = vchanPaths(oursDomid, theirsDomid, '513')!;
    const vchan = await serveVchan(ours, { clientDomid: theirsDomid, path: paths.server, ...options });
    const peer = await worlds.start('theirs', program, 'client', oursDomid, paths.client, 0, ...how);
    return { vchan, peer };
  }

  /** Their server with rings of at least these sizes, and our client. */
  async function connect(left: number, right: number, ...how: readonly (string | number)[]) {
    const paths = vchanPaths(theirsDomid, oursDomid, '513')!;
    const sizes = `${left}/${right}`;
    const peer = await worlds.start('theirs', program, 'server', oursDomid, paths.server, sizes, ...how);
    const vchan = await connectVchan(ours, {
      serverDomid: theirsDomid,
      path: paths.client,
      waits: true,
    });
    return { vchan, peer };
  }

  /** So much to the server, then as much back: both ends look at every byte. */
  async function exchange({ vchan, peer }: Ends, bytes = total): Promise<void> {
    await exchangeBytes(vchan, bytes);
    assert.match(await peer.output(), new RegExp(`exchanged ${bytes}\n`));
  }

  const orders = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
  for (const left of orders) {
    const rights = orders.filter((right) => vchanOrdersProblem({ left, right }) === undefined);
    it(`exchange megabytes as the server, orders ${left} and ${rights.join(', ')}`, async () => {
      const before = usage();
      for (const right of rights) {
        await exchange(await serve({ orders: { left, right } }, 'stream', total));
        await worlds.world.settled();
        assert.deepEqual(usage(), before, `${left} ${right}`);
        assert.deepEqual(await nodesBelow(oursDomid), []);
      }
    });
  }

  /** The sizes that libxenvchan makes the orders of. */
  const least = (order: number) => (order === 10 ? 1 : order === 11 ? 1025 : 2 ** order);
  for (const left of orders) {
    const rights = orders.filter((right) => {
      const chosen = chooseVchanOrders(least(left), least(right))!;
      return chosen.left === left && chosen.right === right;
    });
    it(`exchange megabytes as the client, orders ${left} and ${rights.join(', ')}`, async () => {
      const before = usage();
      for (const right of rights) {
        const ends = await connect(least(left), least(right), 'stream', total);
        assert.deepEqual([ends.vchan.writeRingBytes, ends.vchan.readRingBytes], [2 ** left, 2 ** right]);
        await exchange(ends);
        await worlds.world.settled();
        assert.deepEqual(usage(), before, `${left} ${right}`);
      }
    });
  }

  for (const role of ['server', 'client'] as const) {
    const open = (...how: readonly (string | number)[]) =>
      role === 'server' ? serve({ leftBytes: 4096, rightBytes: 4096 }, ...how) : connect(4096, 4096, ...how);
    const they = role === 'server' ? 'client' : 'server';

    it(`exchange ${manyBytes / megabyte} MiB at a stretch as the ${role}`, async () => {
      await exchange(await open('stream', manyBytes), manyBytes);
    });

    it(`exchange packets as the ${role}`, async () => {
      const { vchan, peer } = await open('packet', 100_000);
      const packets = async (act: (bytes: number) => Promise<unknown>) => {
        for (let left = 100_000; left > 0; left -= 1000) await act(Math.min(left, 1000));
      };
      const source = new VchanBytes(role);
      const expected = new VchanBytes(they);
      const send = () => packets((bytes) => vchan.send(source.next(bytes)));
      const receive = () =>
        packets(async (bytes) => {
          const packet = Buffer.alloc(bytes);
          assert.equal(await vchan.recv(packet), true);
          assert.ok(packet.equals(expected.next(bytes)));
        });
      if (role === 'client') await send();
      await receive();
      if (role === 'server') await send();
      await (role === 'server' ? vchan.peerLeft() : Promise.resolve());
      await vchan.close();
      assert.match(await peer.output(), /exchanged 100000/);
    });

    it(`play ball as the ${role}`, async () => {
      const { vchan, peer } = await open('ping', 200);
      const ball = Buffer.from([1]);
      for (let round = 0; round < 200; round++) {
        if (role === 'client') await vchan.write(ball);
        assert.equal(await vchan.read(ball), 1);
        if (role === 'server') await vchan.write(ball);
      }
      await vchan.close();
      assert.match(await peer.output(), /round 200\n/);
    });

    it(`read as the ${role} what was written before libxenvchan closed, and then the end`, async () => {
      const { vchan, peer } = await open('give', 3000);
      await peer.output();
      await vchan.peerLeft();
      const into = Buffer.alloc(5000);
      await assert.rejects(vchan.write(into), { code: 'gone' });
      assert.equal(await vchan.read(into), 3000);
      assert.ok(into.subarray(0, 3000).equals(new VchanBytes(they).next(3000)));
      assert.equal(await vchan.read(into), 0);
      await vchan.close();
    });

    it(`leave in the middle as the ${role}: libxenvchan reads what was written, and then the end`, async () => {
      const { vchan, peer } = await open('take', megabyte);
      await vchan.connected();
      await writeAll(vchan, 100_000);
      await vchan.close();
      assert.match(await peer.output(), /took 100000\n/);
    });

    it(`lose a libxenvchan that is killed, as the ${role}`, async () => {
      const before = usage();
      const { vchan, peer } = await open('ping', 1_000_000);
      await vchan.connected();
      const reading = (async () => {
        const into = Buffer.alloc(1);
        while ((await vchan.read(into)) > 0) if (vchan.isOpen) await vchan.write(into).catch(() => undefined);
      })();
      if (role === 'client') await vchan.write(Buffer.from([1]));
      await peer.printed('round 20\n');
      peer.child.kill('SIGKILL');
      await vchan.peerLeft();
      await reading;
      await vchan.close();
      await peer.ended;
      await until(() => JSON.stringify(usage()) === JSON.stringify(before));
    });
  }

  it('serve one libxenvchan after the other, where they stay', async () => {
    const { vchan, peer } = await serve({ persistent: true }, 'give', 100_000);
    assert.equal(await readHash(vchan, 100_000), hashOf('client', 100_000));
    await peer.output();
    await vchan.peerLeft();
    const { client } = vchanPaths(oursDomid, theirsDomid, '513')!;
    for (let times = 0; times < 3; times++) {
      const next = await worlds.start('theirs', program, 'client', oursDomid, client, 0, 'take', 50_000);
      await writeAll(vchan, 50_000);
      assert.match(await next.output(), /took 50000\n/);
    }
    await vchan.close();
    assert.deepEqual(await nodesBelow(oursDomid), []);
  });

  it('are reached through Debian’s vchan-socket-proxy, as a server and as a client', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'vchan-ends-'));
    const socketPath = path.join(folder, 'socket');
    const proxy = `${XEN_BIN}/vchan-socket-proxy`;
    const sent = new VchanBytes('client').next(300_000);
    try {
      // A program with a socket, the proxy as a client, and our server, which gives back what it gets.
      const node = `/local/domain/${oursDomid}/data/v`;
      const serving = await serveVchan(ours, { clientDomid: theirsDomid, path: node });
      await worlds.start('theirs', proxy, '-m', 'client', oursDomid, node, socketPath);
      const echo = vchanStream(serving, systemClock);
      echo.pipe(new PassThrough()).pipe(echo);
      const caller = await dialPatiently(socketPath);
      // Not before: the proxy sleeps on data whose ring was one event with that of the connection.
      await serving.connected();
      assert.ok((await saidAndHeard(caller, sent)).equals(sent));
      caller.destroy();
      await once(echo.destroy(), 'close');

      // The proxy as a server before a socket that gives back what it gets, and our client.
      const listener = createServer((socket) => socket.pipe(socket)).listen(`${socketPath}-echo`);
      const theirs = `/local/domain/${theirsDomid}/data/v`;
      await worlds.start('theirs', proxy, '-m', 'server', oursDomid, theirs, `${socketPath}-echo`);
      const reached = once(listener, 'connection');
      const calling = await connectVchan(ours, { serverDomid: theirsDomid, path: theirs, waits: true });
      await reached;
      const stream = vchanStream(calling, systemClock);
      assert.ok((await saidAndHeard(stream, sent)).equals(sent));
      await once(stream.destroy(), 'close');
      listener.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Writes all, and reads until as much has come back. */
async function saidAndHeard(stream: Duplex, bytes: Buffer): Promise<Buffer> {
  const heard: Buffer[] = [];
  let count = 0;
  const done = new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', (chunk: Buffer) => {
      heard.push(chunk);
      if ((count += chunk.length) >= bytes.length) resolve();
    });
  });
  stream.write(bytes);
  await done;
  return Buffer.concat(heard);
}
