/** What a client must make of what a server sends: seen on our client, facing a peer that a test drives. */
import assert from 'node:assert/strict';
import { isStoreError, XenscopeError } from '../../../../server/host/errors';
import { openStoreClient } from '../../../../server/store/client/storeClient';
import { XsType } from '../../../../server/wire/xsMessage';
import { ManualClock, Peer } from '../../client/support';

export interface ClientCase {
  readonly id: number;
  readonly behaviour: string;
  run(): Promise<void>;
}

function open() {
  const peer = new Peer();
  return { peer, client: openStoreClient({ dial: peer.dial, clock: new ManualClock(), reconnect: false }) };
}

export const clientCases: ClientCase[] = [
  {
    id: 13,
    behaviour: 'an error name outside the table, like EQUOTA, fails the request and nothing else',
    async run() {
      const { peer, client } = open();
      const writing = client.write('/a', 'value');
      const connection = await peer.connection();
      connection.error(await connection.next('WRITE'), 'EQUOTA');
      await assert.rejects(writing, (error) => isStoreError(error, 'EQUOTA'));
      const other = client.read('/a');
      connection.error(await connection.next('READ'), 'ENEWERTHANWE');
      await assert.rejects(other, (error) => isStoreError(error, 'EINVAL'));
      const reading = client.read('/a');
      connection.reply(await connection.next('READ'), 'still connected');
      assert.equal((await reading).toString(), 'still connected');
      await client.close();
    },
  },
  {
    id: 14,
    behaviour: 'a watch event between a request and its reply is told apart from the reply',
    async run() {
      const { peer, client } = open();
      const watching = client.watch('/w');
      const connection = await peer.connection();
      const request = await connection.next('WATCH');
      const token = request.payload.toString('latin1').split('\0')[1]!;
      connection.reply(request, 'OK|');
      connection.event('/w', token);
      const events = (await watching)[Symbol.asyncIterator]();
      assert.deepEqual((await events.next()).value, { path: '/w', kind: 'initial' });

      const reading = client.read('/w');
      const read = await connection.next('READ');
      connection.event('/w/below', token);
      connection.event('/w', 'a token that nobody has');
      connection.reply(read, 'value');
      assert.equal((await reading).toString(), 'value');
      assert.deepEqual((await events.next()).value, { path: '/w/below', kind: 'change' });
      await client.close();
    },
  },
  {
    id: 15,
    behaviour: 'a reply of another type than asked, and no error, breaks the connection',
    async run() {
      const { peer, client } = open();
      const reading = client.read('/a');
      const writing = client.write('/b', 'value');
      const failures = Promise.allSettled([reading, writing]);
      const connection = await peer.connection();
      connection.reply({ ...(await connection.next('READ')), type: XsType.DIRECTORY }, 'value');
      for (const result of await failures) {
        assert.ok(result.status === 'rejected' && result.reason instanceof XenscopeError);
      }
      assert.ok(connection.isClosedByClient, 'the client hangs up');
      await assert.rejects(client.read('/a'), XenscopeError);
      await client.close();
    },
  },
];
