import assert from 'node:assert/strict';
import { openStoreClient } from '../../../server/store/client/storeClient';
import { ManualClock, Peer, settle, until } from './support';

describe('store client: a server that says nothing', () => {
  const maxSilenceMs = 10_000;
  const open = (reconnect = true) => {
    const peer = new Peer();
    const clock = new ManualClock();
    return { peer, clock, client: openStoreClient({ dial: peer.dial, clock, reconnect, maxSilenceMs }) };
  };

  it('is given up when it was asked, and dialled again', async () => {
    const { peer, clock, client } = open();
    const reading = assert.rejects(client.read('/a'), {
      code: 'interrupted',
      message: /The xenstore has not answered for 10 seconds\.$/,
    });
    const connection = await peer.connection();
    await connection.next('READ');
    for (let waited = 0; waited < maxSilenceMs; waited += 5000) {
      assert.equal(connection.isClosedByClient, false);
      clock.advance(5000);
    }
    await reading;
    assert.ok(connection.isClosedByClient);
    assert.equal(client.state.kind, 'away');
    clock.advance(10_000);
    await until(() => client.state.kind === 'connected');
    await client.close();
    assert.deepEqual(clock.waitingMs, []);
  });

  it('has all the time that it needs while it says anything', async () => {
    const { peer, clock, client } = open(false);
    const reading = client.read('/slow');
    const connection = await peer.connection();
    const request = await connection.next('READ');
    for (let events = 0; events < 20; events++) {
      clock.advance(5000);
      connection.event('/x', 'nobody');
    }
    connection.reply(request, 'late');
    assert.equal((await reading).toString(), 'late');
    await client.close();
  });

  it('may be silent for ever when it is not asked', async () => {
    const { peer, clock, client } = open(false);
    const reading = client.read('/a');
    const connection = await peer.connection();
    connection.reply(await connection.next('READ'), 'v');
    await reading;
    assert.deepEqual(clock.waitingMs, [], 'no timer keeps an idle process');
    clock.advance(1_000_000);
    await settle();
    assert.equal(client.state.kind, 'connected');
    await client.close();
  });

  it('is not blamed for the time in which the machine slept', async () => {
    const { peer, clock, client } = open(false);
    const reading = client.read('/a');
    const connection = await peer.connection();
    const request = await connection.next('READ');
    clock.advance(3_600_000);
    connection.reply(request, 'v');
    assert.equal((await reading).toString(), 'v');
    await client.close();
  });
});
