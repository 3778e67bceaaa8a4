/** What an end of a vchan makes of a domain that is switched off at the other end, or runs another kernel: nobody tells it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connectVchan } from '../../server/vchan/connect';
import type { Vchan } from '../../server/vchan/vchan';
import { systemClock } from '../../server/cli/systemClock';
import { vchanStream } from '../../server/vchan/vchanStream';
import { CLIENT, Rig, SERVER, isCode, paths, readText, settled } from './rig';

describe('an end of a vchan whose other domain ends without a word', () => {
  let rig: Rig;
  beforeEach(async () => (rig = await Rig.open()));
  afterEach(() => rig.close());

  const domidOf = { server: SERVER, client: CLIENT } as const;
  const switchOff = (who: 'server' | 'client') => rig.machine.destroyDomain(domidOf[who], { sudden: true });

  for (const [who, other] of [
    ['server', 'client'],
    ['client', 'server'],
  ] as const) {
    it(`says so to all who wait, and gives what was written before: the ${who} ends`, async () => {
      const usage = rig.machine.usageOf(domidOf[other]);
      const ends = await rig.pair({ leftBytes: 1024, rightBytes: 1024 });
      const { [who]: dying, [other]: left } = ends;
      const why = new RegExp(`The ${who} of this vchan has gone: domain ${domidOf[who]} has ended`);
      assert.equal(dying.trySend(Buffer.from('last words')), true);
      const reading = left.recv(Buffer.alloc(11));
      const writing = left.write(Buffer.alloc(5000));
      const leaving = left.peerLeft();
      const outcomes = [
        assert.rejects(reading, isCode('gone', /with 10 bytes unread, and 11 were asked for/)),
        assert.rejects(
          writing,
          isCode('gone', new RegExp(`${why.source}; ${left.writeRingBytes} of 5000 bytes`)),
        ),
      ];
      await settled();
      switchOff(who);
      await Promise.all([...outcomes, leaving]);
      assert.deepEqual([left.peer, left.farewell, left.isOpen], ['gone', 'domainEnded', false]);
      assert.throws(() => left.tryWrite(Buffer.alloc(1)), isCode('gone', why));
      assert.equal(await readText(left, 100), 'last words');
      assert.equal(await left.read(Buffer.alloc(1)), 0);
      await left.close();
      assert.deepEqual(rig.machine.usageOf(domidOf[other]), usage);
      dying.abandon('Its domain has ended.');
    });
  }

  it('ends a stream where the last byte was', async () => {
    const { server, client } = await rig.pair();
    const stream = vchanStream(client, systemClock);
    server.trySend(Buffer.from('the end'));
    switchOff('server');
    const got: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => got.push(chunk));
    await once(stream, 'end');
    assert.equal(Buffer.concat(got).toString(), 'the end');
    await once(stream.destroy(), 'close');
  });

  it('ends the wait for a client that never came', async () => {
    const server = await rig.serve();
    const coming = assert.rejects(server.connected(), isCode('gone', /domain 2 has ended/));
    switchOff('client');
    await coming;
    assert.equal(await server.read(Buffer.alloc(1)), 0);
    await server.close();
    assert.deepEqual(await rig.dom0.directory(`/local/domain/${SERVER}/data`), []);
  });

  it('ends the wait for a server that never offered anything', async () => {
    const connecting = assert.rejects(
      rig.connect({ waits: true }),
      isCode('gone', /Domain 1 has ended, and nobody else can offer/),
    );
    await settled();
    switchOff('server');
    await connecting;
  });

  it('takes it for a leaving when the other side left in order before', async () => {
    const { server, client } = await rig.pair();
    await client.close();
    await server.peerLeft();
    switchOff('client');
    await settled();
    assert.equal(server.farewell, 'left');
    await server.close();
  });

  it('is over also where the server would stay: its grants are for that one domain', async () => {
    const { server, client } = await rig.pair({ persistent: true });
    await client.write(Buffer.from('unread'));
    const waiting = readText(server, 3).then(async () => [
      await readText(server, 9),
      await readText(server, 9),
    ]);
    const coming = assert.rejects(
      server.write(Buffer.alloc(100_000)),
      isCode('gone', /domain 2 has ended; 4096 of 100000/),
    );
    await settled();
    switchOff('client');
    assert.deepEqual(await waiting, ['ead', '']);
    await coming;
    assert.equal(server.isOpen, false);
    await assert.rejects(server.connected(), (error: Error & { wayOut?: string }) => {
      assert.match(error.wayOut!, /for that domain alone: open it anew/);
      return isCode('gone')(error);
    });
    await server.close();
  });

  describe('and comes back with another kernel', () => {
    it('is gone for a server that waits for nobody else', async () => {
      const { server } = await rig.pair();
      const reading = server.read(Buffer.alloc(1));
      rig.machine.kexec(CLIENT);
      assert.equal(await reading, 0);
      assert.equal(server.farewell, 'vanished');
      await assert.rejects(
        server.write(Buffer.alloc(1)),
        isCode('gone', /without a word: domain 2 was destroyed, or runs another kernel/),
      );
      await server.close();
    });

    it('may be the next client of a server that stays, one after the other', async () => {
      const server = await rig.serve({ persistent: true });
      let client = await rig.connect();
      for (let kernel = 1; kernel < 4; kernel++) {
        await server.connected();
        await client.write(Buffer.from(`kernel ${kernel}`));
        assert.equal(await readText(server, 100), `kernel ${kernel}`);
        rig.machine.kexec(CLIENT);
        await server.peerLeft();
        assert.deepEqual([server.peer, server.farewell, server.isOpen], ['gone', 'vanished', true]);
        const { grants, events, peers } = rig.machine.portsOf(CLIENT);
        const ports = { store: rig.client.store, grants, events, peers };
        client = await connectVchan(ports, { serverDomid: SERVER, path: paths.client });
        await server.connected();
        assert.equal(server.farewell, undefined);
      }
      await client.close();
      await server.peerLeft();
      assert.equal(server.farewell, 'left');
      await server.close();
    });
  });

  it('follows nobody any longer when it is closed', async () => {
    const open: Vchan[] = [];
    for (let times = 0; times < 3; times++) {
      const { server, client } = await rig.pair();
      open.push(server, client);
      await client.close();
      await server.close();
    }
    switchOff('client');
    await settled();
    for (const each of open) assert.equal(each.isOpen, false);
  });
});
