/** What is on the pages and in the store, byte for byte as libxenvchan has it (init.c and io.c). */
import assert from 'node:assert/strict';
import { VCHAN_GRANTS_OFFSET } from '../../server/wire/vchanPage';
import { chooseVchanOrders, vchanOrdersProblem } from '../../server/wire/vchanRings';
import { formatXsPerm } from '../../server/wire/xsPerms';
import { CLIENT, Rig, SERVER, isCode, paths, readText, settled } from './rig';

describe('vchan on the wire', () => {
  let rig: Rig;
  beforeEach(async () => (rig = await Rig.open()));
  afterEach(() => rig.close());

  it('73: what the client writes is in left, what the server writes in right', async () => {
    const { server, client, page } = await rig.pair({ leftBytes: 1024, rightBytes: 2048 });
    await client.write(Buffer.from('to the server'));
    assert.deepEqual([page.get('left_prod'), page.get('right_prod')], [13, 0]);
    const inPage = Buffer.alloc(13);
    page.memory.copyOut(1024, inPage);
    assert.equal(inPage.toString(), 'to the server');
    await server.write(Buffer.from('back'));
    assert.deepEqual([page.get('left_prod'), page.get('right_prod')], [13, 4]);
    assert.equal(await readText(server, 100), 'to the server');
    assert.equal(await readText(client, 100), 'back');
    assert.deepEqual([page.get('left_cons'), page.get('right_cons')], [13, 4]);
  });

  for (const [left, right] of [
    [10, 10],
    [11, 11],
    [9, 12],
    [12, 21],
    [0, 0],
    [10, 20],
    [65535, 12],
  ] as const) {
    it(`74: a client refuses rings of the orders ${left} and ${right}`, async () => {
      await rig.serve();
      const page = rig.page();
      page.set('left_order', left);
      page.set('right_order', right);
      const before = await rig.holdings();
      await assert.rejects(rig.connect(), isCode('protocol', /is no vchan: .*order/));
      assert.deepEqual(await rig.holdings(), before, 'and keeps nothing');
    });
  }

  it('75: a server that is asked for 1024 and 4096 bytes takes the orders 11 and 12, with one grant', async () => {
    await rig.serve({ leftBytes: 1024, rightBytes: 4096 });
    const page = rig.page();
    assert.deepEqual([page.get('left_order'), page.get('right_order')], [11, 12]);
    const [, ring] = rig.machine.lent();
    assert.equal(page.memory.load32(VCHAN_GRANTS_OFFSET), ring!.grants[0]!.gref);
    assert.equal(page.memory.load32(VCHAN_GRANTS_OFFSET + 4), 0);
    assert.equal(ring!.grants[0]!.isWritable, false, 'the client only reads it');
  });

  it('75: the orders are those of libxenvchan', () => {
    const chosen = (left: number, right: number) => {
      const orders = chooseVchanOrders(left, right);
      return orders && `${orders.left}/${orders.right}`;
    };
    const mega = 2 ** 20;
    const cases: [number, number, string | undefined][] = [
      [0, 0, '10/11'],
      [1, 1, '10/11'],
      [1024, 1024, '10/11'],
      [1024, 2048, '10/11'],
      [2048, 1024, '11/10'],
      [1025, 1025, '11/12'],
      [2048, 2048, '11/12'],
      [1024, 4096, '11/12'],
      [4096, 1024, '12/11'],
      [2049, 2049, '12/12'],
      [4097, 1, '13/11'],
      [65536, 65536, '16/16'],
      [mega, mega, '20/20'],
      [mega + 1, 1, undefined],
      [1, mega + 1, undefined],
    ];
    for (const [left, right, orders] of cases) assert.equal(chosen(left, right), orders, `${left} ${right}`);
    for (const left of [1, 1024, 1025, 2048, 2049, 4096, 4097, mega]) {
      for (const right of [1, 1024, 1025, 2048, 2049, 4096, 4097, mega]) {
        const orders = chooseVchanOrders(left, right)!;
        assert.equal(vchanOrdersProblem(orders), undefined, `${left} ${right}`);
        assert.ok(2 ** orders.left >= left && 2 ** orders.right >= right);
      }
    }
  });

  it('76: the grants of the left ring come first, then those of the right one', async () => {
    await rig.serve({ orders: { left: 12, right: 13 } });
    const page = rig.page();
    const [, left, right] = rig.machine.lent();
    const grefs = [...left!.grants, ...right!.grants].map(({ gref }) => gref);
    assert.equal(grefs.length, 3);
    assert.deepEqual(
      [24, 28, 32].map((offset) => page.memory.load32(offset)),
      grefs,
    );
    assert.deepEqual([left!.grants[0]!.isWritable, right!.grants[0]!.isWritable], [true, false]);
  });

  it('77: a packet may lie across the end of the ring and of the index', async () => {
    const wrapping = await Rig.open({ firstIndex: 0xffff_fffe });
    const { server, client, page } = await wrapping.pair({ leftBytes: 1024, rightBytes: 2048 });
    await client.send(Buffer.from('12345'));
    assert.equal(page.get('left_prod'), 3);
    assert.deepEqual(
      [1024, 1025, 1026, 2046, 2047].map((offset) => String.fromCharCode(page.memory.load8(offset))),
      ['3', '4', '5', '1', '2'],
    );
    const packet = Buffer.alloc(5);
    assert.equal(await server.recv(packet), true);
    assert.equal(packet.toString(), '12345');
    assert.equal(page.get('left_cons'), 3);
    await wrapping.close();
  });

  it('78: a writer rings only where that was asked for, and clears only that', async () => {
    const { client, page } = await rig.pair();
    await settled();
    page.set('cli_notify', 3);
    const before = rig.told('server');
    await client.write(Buffer.from('x'));
    await settled();
    assert.equal(page.get('cli_notify'), 2, 'the request for reads is still there');
    assert.equal(rig.told('server'), before + 1);
    await client.write(Buffer.from('y'));
    await settled();
    assert.equal(rig.told('server'), before + 1, 'nobody asked again');
  });

  it('78: a reader does so as well', async () => {
    const { server, client, page } = await rig.pair();
    await server.write(Buffer.from('abc'));
    await settled();
    page.set('cli_notify', 3);
    const before = rig.told('server');
    assert.equal(client.tryRead(Buffer.alloc(1)), 1);
    await settled();
    assert.equal(page.get('cli_notify'), 1);
    assert.equal(rig.told('server'), before + 1);
    client.tryRead(Buffer.alloc(1));
    await settled();
    assert.equal(rig.told('server'), before + 1);
  });

  it('79: a reader asks first and then looks again: what came in between needs no ring', async () => {
    let goOn: (() => void) | undefined;
    const held = await Rig.open({
      steps: (side) => ({
        before: (step) =>
          side === 'server' && step.text.includes('asks for a ring')
            ? new Promise((resolve) => (goOn = () => resolve('do')))
            : undefined,
      }),
    });
    const { server, client, page } = await held.pair();
    // What the client asked for when it came.
    page.set('cli_notify', 0);
    await settled();
    const reading = readText(server, 100);
    await settled();
    assert.equal(page.get('cli_notify'), 0, 'it is about to ask');
    const before = held.told('server');
    await client.write(Buffer.from('in between'));
    goOn!();
    assert.equal(await reading, 'in between');
    assert.equal(held.told('server'), before);
    assert.equal(page.get('cli_notify'), 1);
    await held.close();
  });

  it('80: what was written before the close is read, and then comes the end', async () => {
    const { server, client } = await rig.pair();
    await server.write(Buffer.from('abc'));
    await server.close();
    await assert.rejects(client.write(Buffer.from('x')), isCode('gone', /The server has left/));
    assert.throws(() => client.trySend(Buffer.from('x')), isCode('gone'));
    await assert.rejects(client.recv(Buffer.alloc(5)), isCode('gone', /with 3 bytes unread/));
    assert.equal(await readText(client, 100), 'abc');
    assert.equal(await client.read(Buffer.alloc(9)), 0);
    assert.equal(await client.recv(Buffer.alloc(9)), false);
    assert.equal(client.tryRead(Buffer.alloc(9)), undefined);
  });

  it('81: without waiting, a packet is sent whole or not at all, and a stream as far as there is room', async () => {
    const { client, page } = await rig.pair({ leftBytes: 1024, rightBytes: 2048 });
    assert.equal(client.trySend(Buffer.alloc(1000)), true);
    assert.equal(client.trySend(Buffer.alloc(25)), false);
    assert.equal(page.get('left_prod'), 1000);
    assert.equal(client.tryWrite(Buffer.alloc(25)), 24);
    assert.equal(client.tryWrite(Buffer.alloc(25)), 0);
    assert.equal(page.get('left_prod'), 1024);
    assert.throws(() => client.trySend(Buffer.alloc(1025)), isCode('input', /1025 bytes .* ring of 1024/));
    await assert.rejects(client.send(Buffer.alloc(1025)), isCode('input'));
  });

  it('82: before a client came the server is open and may write, and the client reads it', async () => {
    const server = await rig.serve();
    assert.deepEqual([server.isOpen, server.peer, rig.page().get('cli_live')], [true, 'waiting', 2]);
    await server.write(Buffer.from('early'));
    const client = await rig.connect();
    assert.equal(await readText(client, 100), 'early');
    await server.connected();
    assert.equal(server.peer, 'here');
  });

  it('82: a word that says neither here nor gone is taken for here, as by libxenvchan', async () => {
    const { server, client, page } = await rig.pair();
    for (const live of [3, 0x80, 0xff]) {
      page.set('cli_live', live);
      page.set('srv_live', live);
      for (const end of [server, client]) assert.deepEqual([end.isOpen, end.peer], [true, 'here']);
      await server.write(Buffer.from('there'));
      assert.equal(await readText(client, 100), 'there');
    }
    // Of a server, 2 does not say that none has come yet.
    page.set('srv_live', 2);
    assert.equal(client.isOpen, true);
    await client.write(Buffer.from('there'));
    assert.equal(await readText(server, 100), 'there');
  });

  it('83: by indices that cannot be nothing is read or written, and both are told', async () => {
    const { server, client, page } = await rig.pair({ leftBytes: 1024, rightBytes: 2048 });
    page.set('left_prod', 1025);
    await assert.rejects(
      server.read(Buffer.alloc(9)),
      isCode('protocol', /1025 bytes apart in a ring of 1024/),
    );
    assert.throws(() => server.tryRead(Buffer.alloc(9)), isCode('protocol'));
    assert.throws(() => server.readyBytes, isCode('protocol'));
    page.set('right_cons', 1);
    await assert.rejects(server.write(Buffer.from('x')), isCode('protocol', /4294967295 bytes apart/));
    assert.equal(page.get('left_cons'), 0);
    assert.equal(page.get('right_prod'), 0);
    // The client finds that somebody else wrote the index that is its own.
    await assert.rejects(client.write(Buffer.from('x')), isCode('protocol', /somebody else wrote it/));
  });

  it('lays out the page and the nodes as libxenvchan does', async () => {
    const server = await rig.serve({ orders: { left: 12, right: 12 } });
    const page = rig.page();
    assert.deepEqual(
      (['cli_live', 'srv_live', 'cli_notify', 'srv_notify'] as const).map((name) => page.get(name)),
      [2, 1, 1, 0],
    );
    const [control] = rig.machine.lent();
    for (const [name, value] of [
      ['ring-ref', control!.grants[0]!.gref],
      ['event-channel', 1],
    ] as const) {
      const path = `${paths.client}/${name}`;
      if (name === 'ring-ref') assert.equal((await rig.dom0.read(path)).toString(), String(value));
      assert.match((await rig.dom0.read(path)).toString(), /^[1-9][0-9]*$/);
      assert.deepEqual((await rig.dom0.getPerms(path)).map(formatXsPerm), [`n${SERVER}`, `r${CLIENT}`]);
    }
    const client = await rig.connect();
    assert.deepEqual(
      (['cli_live', 'srv_live', 'cli_notify', 'srv_notify'] as const).map((name) => page.get(name)),
      [1, 1, 1, 1],
    );
    assert.deepEqual([client.readRingBytes, client.writeRingBytes], [4096, 4096]);
    await client.close();
    assert.equal(page.get('cli_live'), 0);
    await server.close();
  });
});
