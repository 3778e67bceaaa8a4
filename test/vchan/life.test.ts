/** How ends of a vchan come and go: what they leave behind, who waits, and what is told when it fails. */
import assert from 'node:assert/strict';
import { XenscopeError } from '../../server/host/errors';
import type { SharedMemory } from '../../server/host/memory';
import type { StoreClient } from '../../server/host/storeClient';
import { connectVchan } from '../../server/vchan/connect';
import { serveVchan } from '../../server/vchan/serve';
import type { Vchan } from '../../server/vchan/vchan';
import { VCHAN_PAGE } from '../../server/wire/vchanPage';
import { vchanPaths } from '../../server/wire/vchanPath';
import { CLIENT, Rig, SERVER, isCode, paths, readText, settled } from './rig';

describe('an end of a vchan', () => {
  let rig: Rig;
  beforeEach(async () => (rig = await Rig.open()));
  afterEach(() => rig.close());

  describe('that is closed', () => {
    for (const [first, ringBytes] of [
      ['server', 1024],
      ['client', 1024],
      ['server', 65_536],
      ['client', 65_536],
    ] as const) {
      it(`leaves no node, grant or port, whoever goes first: the ${first}, rings of ${ringBytes}`, async () => {
        const before = await rig.holdings();
        const ends = await rig.pair({ leftBytes: ringBytes, rightBytes: ringBytes });
        const last = first === 'server' ? 'client' : 'server';
        await ends[first].write(Buffer.from('last words'));
        await ends[first].close();
        assert.equal(ends[last].isOpen, false);
        assert.equal(await readText(ends[last], 100), 'last words');
        await ends[last].close();
        await ends[last].close();
        assert.deepEqual(await rig.holdings(), before);
      });
    }

    it('tells all who wait at it, and all who come later', async () => {
      const { client } = await rig.pair();
      await client.write(Buffer.alloc(1));
      const all = { bytes: client.writeRingBytes };
      const waiting = [client.read(Buffer.alloc(1)), client.peerLeft(), client.writable(all)];
      const ends = waiting.map((each) => assert.rejects(each, isCode('gone', /is closed/)));
      await client.close();
      await Promise.all(ends);
      await assert.rejects(client.read(Buffer.alloc(1)), isCode('gone', /is closed/));
      assert.throws(() => client.tryWrite(Buffer.alloc(1)), isCode('gone', /is closed/));
      assert.throws(() => client.readyBytes, isCode('gone'));
    });

    it('wakes whoever waits at the other end', async () => {
      for (const who of ['server', 'client'] as const) {
        const ends = await rig.pair({ leftBytes: 1024, rightBytes: 1024 });
        const other = who === 'server' ? ends.client : ends.server;
        const reading = other.read(Buffer.alloc(1));
        const writing = assert.rejects(
          other.write(Buffer.alloc(10_000)),
          isCode('gone', new RegExp(`The ${who} has left this vchan; \\d+ of 10000 bytes`)),
        );
        await settled();
        await ends[who].close();
        assert.equal(await reading, 0);
        await writing;
        await other.peerLeft();
        await other.close();
      }
    });

    it('leaves folders that others use, and the last one takes them away', async () => {
      const before = await rig.holdings();
      const ports = ['a', 'b', 'c'].map((port) => vchanPaths(SERVER, CLIENT, port)!.server);
      const servers = await Promise.all(ports.map((path) => rig.serve({ path })));
      await servers[0]!.close();
      await servers[2]!.close();
      assert.deepEqual(await rig.dom0.directory(`/local/domain/${SERVER}/data/vchan/${CLIENT}`), ['b']);
      await servers[1]!.close();
      assert.deepEqual(await rig.holdings(), before);
    });

    it('leaves no folder when nobody waits any longer for the nodes that were just written', async () => {
      const before = await rig.holdings();
      const { store } = rig.server;
      let isFirst = true;
      // As when a signal comes between the commit and its answer.
      const transaction: StoreClient['transaction'] = async (body, options) => {
        const result = await store.transaction(body, options);
        if (!isFirst) return result;
        isFirst = false;
        throw new XenscopeError('cancelled', 'Nobody waits any longer to finish the transaction.');
      };
      const read: StoreClient['read'] = (path, options) => store.read(path, options);
      const ports = { ...rig.server, store: { read, transaction } as StoreClient };
      const asked = { clientDomid: CLIENT, path: paths.server };
      await assert.rejects(serveVchan(ports, asked), isCode('cancelled'));
      assert.deepEqual(await rig.holdings(), before);
    });

    it('never takes away a folder that was there before', async () => {
      await rig.server.store.mkdir('data/vchan');
      const server = await rig.serve();
      await server.close();
      assert.deepEqual(await rig.dom0.directory(`/local/domain/${SERVER}/data`), ['vchan']);
      await rig.server.store.mkdir(paths.server);
      await (await rig.serve()).close();
      assert.deepEqual(await rig.dom0.directory(paths.client), []);
    });
  });

  describe('whose program dies', () => {
    for (const who of ['server', 'client'] as const) {
      it(`is gone for the other one, which reads what was left: the ${who}`, async () => {
        const ends = await rig.pair();
        const other = who === 'server' ? ends.client : ends.server;
        await ends[who].write(Buffer.from('last words'));
        rig[who].program.end(false);
        await other.peerLeft();
        assert.equal(await readText(other, 100), 'last words');
        assert.equal(await other.read(Buffer.alloc(1)), 0);
        await other.close();
        await assert.rejects(ends[who].read(Buffer.alloc(1)), isCode('gone'));
        await ends[who].close();
        const usage = [SERVER, CLIENT].map((domid) => rig.machine.usageOf(domid).grants);
        assert.deepEqual(usage, [2, 2], 'xenstore and console');
      });
    }
  });

  for (const [what, read] of [
    ['read', (vchan: Vchan) => readText(vchan, 9)],
    ['tryRead', (vchan: Vchan) => Promise.resolve(tryText(vchan, 9))],
  ] as const) {
    it(`reads what the other side wrote between two looks, and left: ${what}`, async () => {
      const server = await rig.serve();
      // As if the server were another process, which comes in between two reads of the page.
      let comesIn: (() => void) | undefined;
      const { grants } = rig.client;
      const watched = (memory: SharedMemory): SharedMemory => ({
        ...boundTo(memory, 'load32', 'store32', 'store8', 'and8', 'or8', 'copyIn', 'copyOut'),
        bytes: memory.bytes,
        dead: undefined,
        load8: (offset) => {
          if (offset === VCHAN_PAGE.fields.srv_live.offsetBytes) comesIn?.();
          return memory.load8(offset);
        },
      });
      const map = (...as: Parameters<typeof grants.map>) => {
        const mapped = grants.map(...as);
        return { ...mapped, memory: as[3]?.onUnmap ? watched(mapped.memory) : mapped.memory };
      };
      const ports = { ...rig.client, grants: { ...grants, map } };
      const client = await connectVchan(ports, { serverDomid: SERVER, path: paths.client });
      comesIn = () => {
        comesIn = undefined;
        assert.equal(server.trySend(Buffer.from('last')), true);
        rig.page().set('srv_live', 0);
      };
      assert.equal(await read(client), 'last');
      assert.equal(await read(client), '', 'and then the end');
    });
  }

  describe('of a persistent server', () => {
    it('serves one client after the other, and goes on where the indices stand', async () => {
      const server = await rig.serve({ persistent: true });
      for (const name of ['one', 'two', 'three']) {
        const client = await rig.connect();
        await server.connected();
        await client.write(Buffer.from(`${name} asks`));
        assert.equal(await readText(server, 100), `${name} asks`);
        await server.write(Buffer.from(`answer for ${name}`));
        assert.equal(await readText(client, 100), `answer for ${name}`);
        await client.close();
        await server.peerLeft();
        assert.deepEqual([server.isOpen, server.peer], [true, 'gone']);
      }
      assert.ok(rig.page().get('left_prod') > 0, 'never reset');
      await server.close();
    });

    it('outlives the crash of its client, and keeps what it wrote for the next one', async () => {
      const { server, client } = await rig.pair({ persistent: true });
      client.abandon('It was killed.');
      rig.client.program.end(false);
      await server.peerLeft();
      await server.write(Buffer.from('for whoever comes'));
      const { machine } = rig;
      const next = machine.portsOf(CLIENT);
      const again = await connectVchan(
        { store: rig.client.store, grants: next.grants, events: next.events },
        { serverDomid: SERVER, path: paths.client },
      );
      assert.equal(await readText(again, 100), 'for whoever comes');
      await again.close();
      await server.close();
    });
  });

  describe('that waits', () => {
    it('stops when nobody wants it any longer, and works on', async () => {
      const { server, client } = await rig.pair({ leftBytes: 1024, rightBytes: 1024 });
      const why = new AbortController();
      const waiting = [
        client.read(Buffer.alloc(1), why),
        server.peerLeft(why),
        client.write(Buffer.alloc(5000), why),
        client.readable(why),
      ].map((each) => assert.rejects(each, isCode('cancelled')));
      await settled();
      why.abort();
      await Promise.all(waiting);
      await assert.rejects(server.recv(Buffer.alloc(1024), why), isCode('cancelled'), 'though it is there');
      assert.equal(await server.recv(Buffer.alloc(1024)), true);
      await assert.rejects(server.read(Buffer.alloc(1), why), isCode('cancelled'));
      await server.write(Buffer.from('on'));
      assert.equal(await readText(client, 100), 'on');
    });

    it('is for one reader and one writer', async () => {
      const { client } = await rig.pair({ leftBytes: 1024, rightBytes: 1024 });
      const ends = [client.read(Buffer.alloc(1)), client.write(Buffer.alloc(5000))].map((each) =>
        assert.rejects(each, isCode('gone')),
      );
      await assert.rejects(client.read(Buffer.alloc(1)), isCode('busy', /Another read/));
      await assert.rejects(client.write(Buffer.alloc(1)), isCode('busy', /Another write/));
      assert.throws(() => client.tryRead(Buffer.alloc(1)), isCode('busy'));
      assert.throws(() => client.trySend(Buffer.alloc(1)), isCode('busy'));
      await client.close();
      await Promise.all(ends);
    });

    it('is told at once that it waits for more than the ring can hold', async () => {
      const { server, client } = await rig.pair({ leftBytes: 1024, rightBytes: 2048 });
      for (const end of [server, client]) {
        const [read, write] = [end.readRingBytes, end.writeRingBytes];
        const never = isCode('input', /can never lie whole in a ring of/);
        await assert.rejects(end.readable({ bytes: read + 1 }), never);
        await assert.rejects(end.writable({ bytes: write + 1 }), never);
        await end.writable({ bytes: write });
      }
      await client.write(Buffer.alloc(1024));
      await server.readable({ bytes: 1024 });
    });

    it('has room and bytes as the other side makes them', async () => {
      const { server, client } = await rig.pair({ leftBytes: 1024, rightBytes: 1024 });
      assert.equal(client.trySend(Buffer.alloc(1024, 1)), true);
      const writable = client.writable({ bytes: 100 });
      const sending = client.send(Buffer.alloc(500, 2));
      assert.equal(server.readyBytes, 1024);
      assert.equal(await server.read(Buffer.alloc(600)), 600);
      await writable;
      await sending;
      assert.deepEqual([server.readyBytes, client.spaceBytes], [924, 100]);
      const rest = Buffer.alloc(924);
      await server.readable({ bytes: 924 });
      assert.equal(server.tryRecv(rest), true);
      assert.deepEqual([rest[423], rest[424]], [1, 2]);
      assert.equal(server.tryRecv(rest), false);
    });
  });

  describe('that cannot be opened', () => {
    it('says that there is no server, or that it serves another', async () => {
      await assert.rejects(rig.connect(), isCode('store', /No vchan is offered to this domain at/));
      rig.machine.createDomain(7);
      await rig.dom0.write('/local/domain/7/domid', '7');
      await rig.serve({ clientDomid: 7 });
      await assert.rejects(rig.connect(), isCode('store', /No vchan is offered .*EACCES/));
    });

    it('says what is wrong with the nodes, with the page, and with the path', async () => {
      const server = await rig.serve();
      const ringRef = (await rig.dom0.read(`${paths.client}/ring-ref`)).toString();
      const write = (name: string, value: string) => rig.server.store.write(`${paths.server}/${name}`, value);
      for (const value of ['', '0', '-1', '4294967296', 'many', '12 ']) {
        await write('ring-ref', value);
        await assert.rejects(rig.connect(), isCode('protocol', /holds no number but/));
      }
      await write('ring-ref', '99');
      await assert.rejects(rig.connect(), isCode('notOurs', /grants nothing under reference 99/));
      await write('ring-ref', ringRef);
      await write('event-channel', '77');
      await assert.rejects(rig.connect(), isCode('notOurs', /no event channel 77/));
      await server.close();
      for (const path of ['', 'a//b', '/a b', `/${'x'.repeat(49)}`]) {
        await assert.rejects(rig.serve({ path }), isCode('input'));
        await assert.rejects(rig.connect({ path }), isCode('input'));
      }
      await assert.rejects(rig.serve({ leftBytes: 2 ** 20 + 1 }), isCode('input', /1 MiB/));
      await assert.rejects(rig.serve({ orders: { left: 10, right: 20 } }), isCode('input', /256 grants/));
      const never = { persistent: true, nodesStay: 'untilConnected' } as const;
      await assert.rejects(rig.serve(never), isCode('input'));
    });

    it('leaves nothing of a server behind, whatever fails', async () => {
      const before = await rig.holdings();
      await rig.dom0.setPerms(`/local/domain/${SERVER}/data`, [{ domid: 0, read: false, write: false }]);
      await assert.rejects(rig.serve(), isCode('store', /EACCES/));
      assert.deepEqual(await rig.holdings(), before);
      const { grants, events, store } = rig.server;
      let shares = 0;
      const failing = {
        ...grants,
        share: (...as: Parameters<typeof grants.share>) => {
          if (++shares === 3) throw new Error('no more');
          return grants.share(...as);
        },
      };
      const serving = serveVchan(
        { store, events, grants: failing },
        { clientDomid: CLIENT, path: paths.server, orders: { left: 12, right: 12 } },
      );
      await assert.rejects(serving, /no more/);
      assert.deepEqual(await rig.holdings(), before);
    });
  });

  describe('that waits for its server', () => {
    it('connects when there is one', async () => {
      const connecting = rig.connect({ waits: true });
      await settled();
      const server = await rig.serve();
      const client = await connecting;
      await server.connected();
      await client.write(Buffer.from('there'));
      assert.equal(await readText(server, 9), 'there');
    });

    it('takes nodes that a server left for none, and goes when nobody wants it', async () => {
      const stale = await rig.serve();
      stale.abandon('It was killed.');
      rig.server.program.end(false);
      const why = new AbortController();
      const connecting = rig.connect({ waits: true, ...why });
      await settled();
      why.abort();
      await assert.rejects(rig.connect({ waits: true, signal: why.signal }), isCode('cancelled'));
      const fresh = rig.machine.portsOf(SERVER);
      const { grants, events } = fresh;
      const serving = { clientDomid: CLIENT, path: paths.server };
      const server = await serveVchan({ store: rig.server.store, grants, events }, serving);
      const client = await connecting;
      await client.close();
      await server.close();
    });
  });

  it('as Qubes has it takes its nodes away as soon as the client has come', async () => {
    const before = await rig.holdings();
    const { server, client } = await rig.pair({ nodesStay: 'untilConnected' });
    const isThere = async () => (await rig.dom0.directory(`/local/domain/${SERVER}/data`)).length > 0;
    while (await isThere()) await settled();
    await client.write(Buffer.from('still open'));
    assert.equal(await readText(server, 100), 'still open');
    await client.close();
    await server.close();
    assert.deepEqual(await rig.holdings(), before);
  });
});

/** What `tryRead` gives, as text; nothing is none as well. */
function tryText(vchan: Vchan, bytes: number): string {
  const into = Buffer.alloc(bytes);
  return into.subarray(0, vchan.tryRead(into) ?? 0).toString('latin1');
}

function boundTo<Name extends keyof SharedMemory>(memory: SharedMemory, ...names: Name[]) {
  const bound = names.map((name) => [name, (memory[name] as (...as: never[]) => unknown).bind(memory)]);
  return Object.fromEntries(bound) as Pick<SharedMemory, Name>;
}
