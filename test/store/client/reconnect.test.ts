import assert from 'node:assert/strict';
import { XenscopeError } from '../../../server/host/errors';
import type { XenscopeErrorCode } from '../../../server/host/errors';
import type { StoreState, WatchEvent } from '../../../server/host/storeClient';
import { openStoreClient } from '../../../server/store/client/storeClient';
import type { PeerConnection } from './support';
import { ManualClock, Peer, settle, until } from './support';

function isCode(code: XenscopeErrorCode) {
  return (error: unknown) => error instanceof XenscopeError && error.code === code;
}

function open({ isThere = true, reconnect = true, maxQueuedEvents = 1024 } = {}) {
  const peer = new Peer();
  peer.isThere = isThere;
  const clock = new ManualClock();
  const client = openStoreClient({ dial: peer.dial, clock, reconnect, limits: { maxQueuedEvents } });
  const states: string[] = [];
  client.onStateChange(({ kind }) => states.push(kind));
  return { peer, clock, client, states };
}

/** Accepts the next WATCH and sends the first event of it; answers its token. */
async function acceptWatch(connection: PeerConnection, order: 'reply first' | 'event first' = 'reply first') {
  const request = await connection.next('WATCH');
  const [path, token] = request.payload.toString().split('\0') as [string, string];
  if (order === 'event first') connection.event(path, token);
  // oxenstored answers WATCH with transaction 0 and C with the one that was sent: both are 0 here.
  connection.reply(request, 'OK|');
  if (order === 'reply first') connection.event(path, token);
  return token;
}

async function take(events: AsyncIterator<WatchEvent>, count: number): Promise<WatchEvent[]> {
  const taken: WatchEvent[] = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

describe('store client: away and back', () => {
  it('dials again with pauses that double up to a limit', async () => {
    const { clock, client } = open({ isThere: false });
    const pauses: number[] = [];
    for (let dial = 0; dial < 8; dial++) {
      await until(() => client.state.kind === 'away');
      const state = client.state as Extract<StoreState, { kind: 'away' }>;
      assert.equal(state.retryAtMs, clock.nowMs() + clock.waitingMs[0]!);
      assert.match(state.reason, /Nobody is there/);
      pauses.push(clock.waitingMs[0]!);
      clock.advance(clock.waitingMs[0]!);
    }
    assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    await client.close();
    assert.deepEqual(clock.waitingMs, []);
  });

  it('asks a server that has no room again, and lets requests wait for it', async () => {
    const peer = new Peer();
    const clock = new ManualClock();
    let refusals = 3;
    const client = openStoreClient({
      clock,
      dial: (handlers) =>
        refusals-- > 0 ? Promise.reject(new XenscopeError('limit', 'It is full.')) : peer.dial(handlers),
    });
    const reading = client.read('/a');
    for (let refused = 0; refused < 3; refused++) {
      await until(() => clock.waitingMs.length > 0);
      assert.equal(client.state.kind, 'connecting');
      clock.advance(clock.waitingMs[0]!);
    }
    const connection = await peer.connection();
    connection.reply(await connection.next('READ'), 'x');
    assert.equal(String(await reading), 'x');
    await client.close();
  });

  it('is away when a server never has room', async () => {
    const clock = new ManualClock();
    const client = openStoreClient({
      clock,
      dial: () => Promise.reject(new XenscopeError('limit', 'It is full.')),
    });
    const reading = assert.rejects(client.read('/a'), isCode('away'));
    for (;;) {
      await until(() => clock.waitingMs.length > 0);
      if (client.state.kind === 'away') break;
      clock.advance(clock.waitingMs[0]!);
    }
    await reading;
    await client.close();
    assert.deepEqual(clock.waitingMs, []);
  });

  it('rejects requests while away, at once and with the reason', async () => {
    const { client } = open({ isThere: false });
    await assert.rejects(client.read('/asked-while-connecting'), isCode('away'));
    assert.equal(client.state.kind, 'away');
    await assert.rejects(client.read('/a'), (error) => {
      assert.ok(isCode('away')(error));
      assert.match((error as Error).message, /Cannot read \/a now\. Nobody is there\./);
      return true;
    });
    await assert.rejects(
      client.transaction(() => Promise.resolve()),
      isCode('away'),
    );
    await client.close();
  });

  it('tells what was under way from what was never sent', async () => {
    const { peer, client, states } = open();
    const connection = await peer.connection();
    const sent = client.write('/a', '1');
    await connection.next('WRITE');
    const unsent = client.write('/b', '2');
    connection.hangUp('It fell.');
    await assert.rejects(sent, (error) => isCode('interrupted')(error) && /It fell\./.test(String(error)));
    await assert.rejects(unsent, isCode('away'));
    assert.deepEqual(states, ['connected', 'away']);
    await client.close();
  });

  it('is connected again without being asked, and sooner when it is', async () => {
    const { peer, client, clock, states } = open();
    (await peer.connection()).hangUp();
    await until(() => client.state.kind === 'away');
    clock.advance(99);
    await settle();
    assert.equal(peer.connections.length, 1);
    clock.advance(1);
    await until(() => client.state.kind === 'connected');
    (await peer.connection(1)).hangUp();
    await until(() => client.state.kind === 'away');
    client.retryNow();
    await until(() => client.state.kind === 'connected');
    client.retryNow();
    await settle();
    assert.equal(peer.connections.length, 3);
    assert.deepEqual(clock.waitingMs, []);
    assert.deepEqual(states, [
      'connected',
      ...['away', 'connecting', 'connected'],
      ...['away', 'connecting', 'connected'],
    ]);
    await client.close();
    assert.equal(states.at(-1), 'closed');
  });

  it('does not hurry to a server that hangs up whenever it is dialled', async () => {
    const { peer, client, clock } = open();
    const pauses: number[] = [];
    for (let index = 0; index < 4; index++) {
      (await peer.connection(index)).hangUp();
      await until(() => client.state.kind === 'away');
      pauses.push(clock.waitingMs[0]!);
      clock.advance(clock.waitingMs[0]!);
    }
    assert.deepEqual(pauses, [100, 200, 400, 800]);
    const steady = await peer.connection(4);
    const reading = client.read('/a');
    steady.reply(await steady.next('READ'), 'x');
    await reading;
    steady.hangUp();
    await until(() => client.state.kind === 'away');
    assert.deepEqual(clock.waitingMs, [100]);
    await client.close();
  });

  it('ends for good when it shall not reconnect', async () => {
    const { peer, client, clock } = open({ reconnect: false });
    const connection = await peer.connection();
    const watching = client.watch('/w');
    await acceptWatch(connection);
    const events = (await watching)[Symbol.asyncIterator]();
    await take(events, 1);
    connection.hangUp('It fell.');
    await assert.rejects(events.next(), isCode('away'));
    assert.equal(client.state.kind, 'closed');
    await assert.rejects(client.read('/a'), isCode('away'));
    assert.deepEqual(clock.waitingMs, []);
  });
});

describe('store client: watches', () => {
  it('gives the first event as initial, wherever it comes, and then changes', async () => {
    for (const order of ['reply first', 'event first'] as const) {
      const { peer, client } = open();
      const watching = client.watch('/w');
      const connection = await peer.connection();
      const token = await acceptWatch(connection, order);
      connection.event('/w/a', token);
      connection.event('/w', 'somebody else');
      const events = (await watching)[Symbol.asyncIterator]();
      assert.deepEqual(await take(events, 2), [
        { path: '/w', kind: 'initial' },
        { path: '/w/a', kind: 'change' },
      ]);
      await client.close();
      assert.equal((await events.next()).done, true);
    }
  });

  it('registers watches again after a reconnect and gives each a resync', async () => {
    const { peer, client, clock } = open();
    const watching = [client.watch('/a'), client.watch('/b')];
    const first = await peer.connection();
    await acceptWatch(first);
    await acceptWatch(first);
    const watches = await Promise.all(watching);
    const iterators = watches.map((watch) => watch[Symbol.asyncIterator]());
    for (const events of iterators) await take(events, 1);
    first.hangUp();
    await settle();
    clock.advance(clock.waitingMs[0]!);
    const second = await peer.connection(1);
    const token = await acceptWatch(second);
    await acceptWatch(second);
    second.event('/a/x', token);
    assert.deepEqual(await take(iterators[0]!, 2), [
      { path: '/a', kind: 'resync' },
      { path: '/a/x', kind: 'change' },
    ]);
    assert.deepEqual(await take(iterators[1]!, 1), [{ path: '/b', kind: 'resync' }]);
    await client.close();
  });

  it('waits for the store when it is away, and registers first of all', async () => {
    const { peer, client, clock } = open({ isThere: false });
    await until(() => client.state.kind === 'away');
    const watching = client.watch('/w');
    peer.isThere = true;
    clock.advance(clock.waitingMs[0]!);
    const connection = await peer.connection();
    await acceptWatch(connection);
    const events = (await watching)[Symbol.asyncIterator]();
    assert.deepEqual(await take(events, 1), [{ path: '/w', kind: 'initial' }]);
    await client.close();
  });

  it('rejects a watch that the store refuses, and forgets it', async () => {
    const { peer, client, clock } = open();
    const watching = client.watch('/bad path');
    watching.catch(() => undefined);
    const first = await peer.connection();
    first.error(await first.next('WATCH'), 'EINVAL');
    await assert.rejects(watching, isCode('store'));
    first.hangUp();
    await settle();
    clock.advance(clock.waitingMs[0]!);
    const second = await peer.connection(1);
    await settle();
    assert.deepEqual(second.requests, []);
    await client.close();
  });

  it('tells the reader when a watch is refused after a reconnect', async () => {
    const { peer, client, clock } = open();
    const watching = client.watch('/w');
    const first = await peer.connection();
    await acceptWatch(first);
    const events = (await watching)[Symbol.asyncIterator]();
    await take(events, 1);
    first.hangUp();
    await settle();
    clock.advance(clock.waitingMs[0]!);
    const second = await peer.connection(1);
    second.error(await second.next('WATCH'), 'ENOSPC');
    await assert.rejects(events.next(), isCode('store'));
    await client.close();
  });

  it('takes a watch back that was cancelled while it was being registered', async () => {
    const { peer, client } = open();
    const controller = new AbortController();
    const watching = client.watch('/w', { signal: controller.signal });
    watching.catch(() => undefined);
    const connection = await peer.connection();
    const request = await connection.next('WATCH');
    controller.abort();
    const unwatch = await connection.next('UNWATCH');
    assert.deepEqual(unwatch.payload, request.payload);
    connection.reply(request, 'OK|');
    connection.reply(unwatch, 'OK|');
    await assert.rejects(watching, isCode('cancelled'));
    await client.close();
  });

  it('ends the iterator and the registration when it is closed', async () => {
    const { peer, client } = open();
    const watching = client.watch('/w');
    const connection = await peer.connection();
    const token = await acceptWatch(connection);
    const watch = await watching;
    const events = watch[Symbol.asyncIterator]();
    await take(events, 1);
    const waiting = events.next();
    const closing = watch.close();
    connection.reply(await connection.next('UNWATCH'), 'OK|');
    await closing;
    assert.equal((await waiting).done, true);
    connection.event('/w', token);
    assert.equal((await events.next()).done, true);
    await watch.close();
    await settle();
    assert.equal(connection.requests.length, 2);
    await client.close();
  });

  it('replaces events that nobody reads by one resync', async () => {
    const { peer, client } = open({ maxQueuedEvents: 4 });
    const watching = client.watch('/w');
    const connection = await peer.connection();
    const token = await acceptWatch(connection);
    const watch = await watching;
    // With the initial event 103: the queue overflows at each fourth one after the first, last at 101.
    for (let index = 0; index < 102; index++) connection.event(`/w/${index}`, token);
    assert.deepEqual(await take(watch[Symbol.asyncIterator](), 3), [
      { path: '/w', kind: 'resync' },
      { path: '/w/100', kind: 'change' },
      { path: '/w/101', kind: 'change' },
    ]);
    await client.close();
  });

  it('ends all watches when the connection drops them', async () => {
    const { peer, client } = open();
    const watching = client.watch('/w');
    const connection = await peer.connection();
    await acceptWatch(connection);
    const events = (await watching)[Symbol.asyncIterator]();
    await take(events, 1);
    const resetting = client.resetWatches();
    connection.reply(await connection.next('RESET_WATCHES'), 'OK|');
    await resetting;
    assert.equal((await events.next()).done, true);
    await client.close();
  });
});
