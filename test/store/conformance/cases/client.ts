/** What a client must make of what a server sends: seen on our client, facing a peer that a test drives. */
import assert from 'node:assert/strict';
import { isStoreError, XenscopeError } from '../../../../server/host/errors';
import type { SharedMemory } from '../../../../server/host/memory';
import { openStoreClient } from '../../../../server/store/client/storeClient';
import { dialRing } from '../../../../server/store/client/ringDial';
import { XsType } from '../../../../server/wire/xsMessage';
import { indicesOf, ringPage, setWord, wordOf } from '../../../support/ringPage';
import { ManualClock, Peer, settle, until } from '../../client/support';

export interface ClientCase {
  readonly id: number;
  readonly behaviour: string;
  run(): Promise<void>;
}

function open() {
  const peer = new Peer();
  return { peer, client: openStoreClient({ dial: peer.dial, clock: new ManualClock(), reconnect: false }) };
}

/** Our guest on a page whose server is the test. */
function onPage(prepare: (memory: SharedMemory) => void) {
  const { memory, guestPort, serverPort } = ringPage();
  prepare(memory);
  const dial = dialRing({ memory, port: guestPort });
  const client = openStoreClient({ dial, clock: new ManualClock(), reconnect: false });
  return { client, dial, memory, serverPort };
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
  {
    id: 70,
    behaviour: 'a guest that finds the connection word at 1 waits and sends nothing',
    async run() {
      const { client, dial, memory, serverPort } = onPage((memory) => setWord(memory, 'connection', 1));
      const reading = assert.rejects(client.read('/a'), XenscopeError);
      for (let n = 0; n < 3; n++) {
        serverPort.notify();
        await settle();
      }
      assert.deepEqual(indicesOf(memory), [0, 0, 0, 0]);
      assert.equal(client.state.kind, 'connecting');
      setWord(memory, 'connection', 0);
      serverPort.notify();
      await until(() => wordOf(memory, 'req_prod') > 0);
      await client.close();
      await reading;
      dial.close();
    },
  },
  {
    id: 71,
    behaviour: 'a guest ignores feature bits that it does not know, and never writes the feature word',
    async run() {
      const features = 0xffff_fffc;
      const { client, dial, memory, serverPort } = onPage((memory) => {
        setWord(memory, 'server_features', features);
        // Words that mean something only with features that are not offered here.
        setWord(memory, 'error', 2);
      });
      const reading = assert.rejects(client.read('/a'), XenscopeError);
      await until(() => wordOf(memory, 'req_prod') > 0);
      await assert.rejects(dial.requestReconnect(), XenscopeError);
      setWord(memory, 'rsp_prod', 5000);
      serverPort.notify();
      await reading;
      assert.equal(wordOf(memory, 'server_features'), features);
      assert.equal(wordOf(memory, 'connection'), 0);
      setWord(memory, 'server_features', (features | 1) >>> 0);
      void dial.requestReconnect().catch(() => undefined);
      await until(() => wordOf(memory, 'connection') === 1);
      assert.equal(wordOf(memory, 'server_features'), (features | 1) >>> 0);
      await client.close();
      dial.close();
    },
  },
];
