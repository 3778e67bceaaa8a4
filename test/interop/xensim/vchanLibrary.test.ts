/**
 * An end of a vchan with libxenvchan as its engine, and one with our own, over the same suite: each against an
 * unchanged program with libxenvchan in another domain of a simulated world, and both engines against each other.
 */
import assert from 'node:assert/strict';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import { XenscopeError } from '../../../server/host/errors';
import type { HostProgram } from '../../../server/host/program';
import type { StoreClient } from '../../../server/host/storeClient';
import type { VchanLibrary } from '../../../server/host/vchanLibrary';
import { connectVchan } from '../../../server/vchan/connect';
import type { VchanEngineName } from '../../../server/vchan/ports';
import { serveVchan, type ServeOptions } from '../../../server/vchan/serve';
import type { Vchan } from '../../../server/vchan/vchan';
import { Rig, isCode } from '../../vchan/rig';
import { describeWithDaemons } from '../daemons/requirements';
import type { Program } from './kit';
import { NativeEnds } from './nativeEnds';
import { VchanBytes, hashOf, readHash, writeAll, exchangeBytes } from './vchanBytes';

const total = 2 ** 20;
const pieceBytes = 65_536;

for (const engine of ['own', 'libxenvchan'] as const) {
  describeWithDaemons(`a native end of a vchan, engine ${engine}`, function () {
    this.timeout(60_000);
    let ends: NativeEnds;
    let program: HostProgram;
    before(async () => (ends = await NativeEnds.open('ours', 'theirs')));
    after(() => ends.close());
    beforeEach(() => (program = ends.openProgram()));
    afterEach(() => ends.endPrograms());

    type How = readonly (string | number)[];

    async function open(role: 'server' | 'client', how: How, options: Partial<ServeOptions> = {}) {
      const { theirs } = ends;
      if (role === 'server') {
        const path = ends.paths('ours').server;
        const vchan = await serveVchan(program, { clientDomid: theirs, path, engine, ...options });
        return { vchan, peer: ends.start('client', '0', ...how) };
      }
      const peer = ends.start('server', `${options.leftBytes ?? 4096}/${options.rightBytes ?? 4096}`, ...how);
      const path = ends.paths('theirs').client;
      const vchan = await connectVchan(program, { serverDomid: theirs, path, waits: true, engine });
      return { vchan, peer };
    }

    async function exchange({ vchan, peer }: { vchan: Vchan; peer: Program }): Promise<void> {
      await exchangeBytes(vchan, total);
      assert.match(await peer.output(), new RegExp(`exchanged ${total}\n`));
    }

    for (const role of ['server', 'client'] as const) {
      for (const [leftBytes, rightBytes] of [
        [1, 1],
        [2048, 1024],
        [4096, 65_536],
        [2 ** 20, 2 ** 20],
      ] as const) {
        it(`exchanges a mebibyte each way as the ${role}, rings of ${leftBytes} and ${rightBytes}`, async () => {
          await exchange(await open(role, ['stream', total], { leftBytes, rightBytes }));
        });
      }

      it(`sends packets as the ${role}`, async () => {
        const { vchan, peer } = await open(role, ['packet', 50_000]);
        const they = role === 'server' ? 'client' : 'server';
        const [source, expected] = [new VchanBytes(role), new VchanBytes(they)];
        const send = async () => {
          for (let done = 0; done < 50_000; done += 1000) await vchan.send(source.next(1000));
        };
        const packet = Buffer.alloc(1000);
        if (role === 'client') await send();
        for (let done = 0; done < 50_000; done += 1000) {
          assert.equal(await vchan.recv(packet), true);
          assert.ok(packet.equals(expected.next(1000)));
        }
        if (role === 'server') {
          await send();
          await vchan.peerLeft();
        }
        await vchan.close();
        assert.match(await peer.output(), /exchanged 50000/);
      });

      it(`reads as the ${role} what was written before the other side closed, and then the end`, async () => {
        // More than the ring holds: a server would be gone before we come.
        const { vchan, peer } = await open(role, ['give', 5000]);
        assert.equal(await vchan.recv(Buffer.alloc(2000)), true);
        await peer.output();
        await vchan.peerLeft();
        assert.deepEqual([vchan.peer, vchan.farewell, vchan.isOpen], ['gone', 'left', false]);
        await assert.rejects(vchan.write(Buffer.alloc(10)), isCode('gone', /has left this vchan/));
        const into = Buffer.alloc(5000);
        assert.equal(await vchan.read(into), 3000);
        assert.equal(await vchan.read(into), 0);
        await vchan.close();
      });

      it(`is told that the other side was killed, as the ${role}`, async () => {
        const { vchan, peer } = await open(role, ['ping', 1_000_000]);
        await vchan.connected();
        if (role === 'client') await vchan.write(Buffer.from([1]));
        assert.equal(await vchan.read(Buffer.alloc(1)), 1);
        peer.child.kill('SIGKILL');
        await vchan.peerLeft();
        assert.equal(await vchan.read(Buffer.alloc(1)), 0);
        await vchan.close();
        // Its grant would be that of the next server for a moment, before that one has made a vchan of it.
        if (role === 'client') await ends.removeTheirNodes();
      });
    }

    it('stays for one client after the other, and removes its nodes', async () => {
      const { vchan, peer } = await open('server', ['give', 1000], { persistent: true });
      assert.equal(await readHash(vchan, 1000), hashOf('client', 1000));
      await peer.output();
      await vchan.peerLeft();
      assert.equal(vchan.isOpen, true);
      for (let times = 0; times < 2; times++) {
        const next = ends.start('client', '0', 'take', 50_000);
        await writeAll(vchan, 50_000);
        assert.match(await next.output(), /took 50000\n/);
      }
      const node = `${ends.paths('ours').client}/ring-ref`;
      assert.equal((await program.store.read(node)).toString(), String(vchan.gref));
      await vchan.close();
      await assert.rejects(program.store.read(node), { storeError: 'ENOENT' });
    });

    it('stops waiting when nobody wants it any longer, and wakes who waits when it is closed', async () => {
      const { vchan } = await open('client', ['take', 1_000_000]);
      const why = new AbortController();
      const reading = assert.rejects(vchan.read(Buffer.alloc(1), why), isCode('cancelled'));
      why.abort();
      await reading;
      const waiting = assert.rejects(vchan.read(Buffer.alloc(1)), isCode('gone', /is closed/));
      await vchan.close();
      await waiting;
      assert.throws(() => vchan.tryWrite(Buffer.alloc(1)), isCode('gone'));
    });

    it('says that nobody offers anything', async () => {
      const path = ends.paths('theirs').client;
      const connecting = connectVchan(program, { serverDomid: ends.theirs, path, engine });
      await assert.rejects(connecting, isCode('store', /No vchan is offered to this domain/));
    });

    it('removes nothing that others have put into its folder, and no node of a successor', async () => {
      const { store } = program;
      const path = `data/vchan/${ends.theirs}`;
      const serve = (how: VchanEngineName) =>
        serveVchan(program, { clientDomid: ends.theirs, path, engine: how });
      await store.write(`${path}/before/x`, '1');
      const first = await serve(engine);
      await store.write(`${path}/since/x`, '1');
      await first.close();
      assert.deepEqual((await store.directory(path)).sort(), ['before', 'since']);
      await store.rm('data/vchan');

      const replaced = await serve(engine);
      const successor = await serve('own');
      await replaced.close();
      assert.equal((await store.read(`${path}/ring-ref`)).toString(), String(successor.gref));
      await successor.close();
      assert.equal(await store.hasChildren('data'), false);
    });

    it('takes the place of no other where it must be free', async () => {
      const path = `data/vchan/${ends.theirs}/taken`;
      const asked = { clientDomid: ends.theirs, path, engine, mustBeFree: true };
      const first = await serveVchan(program, asked);
      await assert.rejects(serveVchan(program, asked), isCode('refused', /offered at .* already/));
      assert.equal((await program.store.read(`${path}/ring-ref`)).toString(), String(first.gref));
      await first.close();
      assert.equal(await program.store.hasChildren('data'), false);
    });

    it('connects to a server that takes its nodes away as soon as a client has come', async () => {
      const path = `data/vchan/${ends.ours}/qubes`;
      const serving = { clientDomid: ends.ours, path, nodesStay: 'untilConnected' } as const;
      const server = await serveVchan(program, serving);
      const library = program.vchanLibrary!();
      const patient: VchanLibrary = {
        serve: (options) => library.serve(options),
        connect: async (options) => {
          const connected = await library.connect(options);
          while (await program.store.hasChildren('data')) await new Promise(setImmediate);
          return connected;
        },
      };
      const base = `/local/domain/${ends.ours}/${path}`;
      const ports = { ...program, vchanLibrary: () => patient };
      const client = await connectVchan(ports, { serverDomid: ends.ours, path: base, engine });
      assert.equal(client.gref, server.gref);
      await client.write(Buffer.from('there'));
      const into = Buffer.alloc(9);
      assert.equal(into.subarray(0, await server.read(into)).toString(), 'there');
      await client.close();
      await server.close();
    });

    it('leaves no folder where it cannot be told what it has written', async () => {
      const path = `data/vchan/${ends.theirs}/untold`;
      const { store } = program;
      let reads = 0;
      const broken = Object.create(store, {
        read: {
          value: (node: string) => {
            if (!node.endsWith('/ring-ref')) return store.read(node);
            reads++;
            return Promise.reject(new XenscopeError('interrupted', 'The connection has ended.'));
          },
        },
        transaction: {
          value: (...as: Parameters<StoreClient['transaction']>) =>
            engine === 'own' && reads++ === 0
              ? Promise.reject(new XenscopeError('interrupted', 'The connection has ended.'))
              : store.transaction(...as),
        },
      }) as StoreClient;
      const ports = { ...program, store: broken };
      const serving = serveVchan(ports, { clientDomid: ends.theirs, path, engine });
      await assert.rejects(serving, isCode('interrupted'));
      assert.ok(reads > 0);
      assert.equal(await store.hasChildren('data'), false);
    });

    const other: VchanEngineName = engine === 'own' ? 'libxenvchan' : 'own';
    it(`talks to the engine ${other} in the same domain`, async () => {
      const path = `data/vchan/${ends.ours}/both`;
      const server = await serveVchan(program, { clientDomid: ends.ours, path, engine });
      const base = `/local/domain/${ends.ours}/${path}`;
      const client = await connectVchan(program, { serverDomid: ends.ours, path: base, engine: other });
      await server.connected();
      const sent = new VchanBytes('client').next(200_000);
      const [, back] = await Promise.all([
        client.write(sent),
        (async () => {
          for (let left = sent.length; left > 0;) {
            const into = Buffer.alloc(pieceBytes);
            const count = await server.read(into);
            await server.write(into.subarray(0, count));
            left -= count;
          }
        })(),
        readHash(client, sent.length),
      ]).then(([, , hash]) => [undefined, hash] as const);
      assert.equal(back, hashOf('client', sent.length));
      await client.close();
      await server.peerLeft();
      await server.close();
    });
  });
}

describe('libxenvchan as an engine', () => {
  it('is missing in one sentence where there is none, and on a simulated host', async () => {
    const { NativeVchanLibrary } = await import('../../../native/vchanLibrary');
    class None extends XenLibraries {
      override state(key: Parameters<XenLibraries['state']>[0]) {
        return key === 'vchan' ? ({ kind: 'missing', tried: [] } as const) : super.state(key);
      }
    }
    assert.throws(
      () => new NativeVchanLibrary({ libraries: new None({ env: {} }) }),
      isCode('unsupported', /^The library libxen\w+ is missing\.$/),
    );
    const rig = await Rig.open();
    const serving = rig.serve({ engine: 'libxenvchan' });
    await assert.rejects(serving, isCode('unsupported', /libxenvchan opens vchans on a real host only/));
    await rig.close();
  });
});
