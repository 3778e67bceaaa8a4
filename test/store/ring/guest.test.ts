import assert from 'node:assert/strict';
import type { RingStep } from '../../../server/host/steps';
import type { XenscopeError } from '../../../server/host/errors';
import { isStoreError } from '../../../server/host/errors';
import type { WatchEvent } from '../../../server/host/storeClient';
import type { RingDial, RingDialOptions } from '../../../server/store/client/ringDial';
import { skipRepliesAsLinux, wipeRingAsHvmloader } from '../../../server/store/client/ringReset';
import { openStoreClient } from '../../../server/store/client/storeClient';
import { XsRingFeature } from '../../../server/wire/xsRing';
import { indicesOf, setWord, wordOf } from '../../support/ringPage';
import { settle, until } from '../client/support';
import { BOTH, isCode, openRig, untilState, type Rig, type RigOptions } from './rig';

describe('ring: the guest', () => {
  let rig: Rig;
  const open = async (options?: RigOptions, isIntroduced?: boolean): Promise<Rig> =>
    (rig = await openRig(options, isIntroduced));

  afterEach(() => rig.close());

  it('has a whole store client: nodes, long values, watches, transactions', async () => {
    const { client } = (await open()).guest();
    await client.write('data/a', 'x'.repeat(1900));
    assert.equal(String(await client.read('data/a')), 'x'.repeat(1900));
    const watch = await client.watch('data');
    const events = watch[Symbol.asyncIterator]();
    assert.deepEqual((await events.next()).value, { path: 'data', kind: 'initial' });
    await client.transaction(async (inside) => {
      await inside.write('data/b', '1');
      await inside.write('data/c', '2');
    });
    assert.deepEqual((await events.next()).value, { path: 'data/b', kind: 'change' });
    assert.deepEqual(await client.directory('data'), ['a', 'b', 'c']);
    await assert.rejects(client.read('/tool'), (error) => isStoreError(error, 'EACCES'));
  });

  it('has thousands of requests under way over a ring that holds a dozen', async () => {
    const { client } = (await open()).guest();
    const values = Array.from({ length: 3000 }, (_, n) => `value ${n}`);
    await Promise.all(values.map((value, n) => client.write(`data/${n % 50}`, value)));
    const read = await Promise.all(values.slice(-50).map((_, n) => client.read(`data/${n}`)));
    assert.deepEqual(read.map(String), values.slice(-50));
  });

  it('reconnects under load: what was asked ends, watches are set again and resynced', async () => {
    const { client, dial } = (await open()).guest();
    const watch = await client.watch('data');
    const events = watch[Symbol.asyncIterator]();
    assert.equal((await events.next()).value.kind, 'initial');
    let outcomes: Promise<PromiseSettledResult<void>[]> | undefined;
    const transaction = client.transaction(async (store) => {
      await store.write('data/never', 'committed');
      const flood = Array.from({ length: 2000 }, (_, n) => client.write(`data/${n % 50}`, 'y'.repeat(100)));
      outcomes = Promise.allSettled(flood);
      await flood[100];
      await dial.requestReconnect();
      await store.write('data/never', 'again');
    });
    await assert.rejects(transaction, isCode('away'));

    const ended = await outcomes!;
    assert.ok(ended.slice(0, 100).every(({ status }) => status === 'fulfilled'));
    const failed = ended.filter((outcome) => outcome.status === 'rejected');
    assert.ok(failed.length > 1000, 'the flood was under way');
    for (const { reason } of failed) isCode('interrupted', 'away')(reason);
    assert.ok(failed.some(({ reason }) => (reason as XenscopeError).code === 'interrupted'));
    await untilState(client, 'connected');
    let event: WatchEvent;
    do event = (await events.next()).value as WatchEvent;
    while (event.kind === 'change');
    assert.deepEqual(event, { path: 'data', kind: 'resync' });
    await client.write('data/after', '1');
    await assert.rejects(client.read('data/never'), (error) => isStoreError(error, 'ENOENT'));
    assert.equal(wordOf(rig.page.memory, 'connection'), 0);
  });

  it('interrupts what was sent and answers what comes later', async () => {
    const { client, dial } = (await open()).guest();
    await client.write('data', '1');
    rig.page.serverPort.onEvent = undefined;
    const sent = client.read('data');
    const failed = assert.rejects(sent, isCode('interrupted'));
    await until(() => wordOf(rig.page.memory, 'req_prod') !== wordOf(rig.page.memory, 'req_cons'));
    const reconnected = dial.requestReconnect();
    await failed;
    assert.equal(wordOf(rig.page.memory, 'connection'), 1);
    // Asked while the server has not answered yet: it waits for the new connection.
    const later = client.read('data');
    await rig.introduce();
    await reconnected;
    assert.equal(String(await later), '1');
  });

  it('explains that a server without the feature cannot reconnect', async () => {
    const { dial } = (await open({ features: XsRingFeature.ERROR })).guest();
    await assert.rejects(dial.requestReconnect(), (error) => {
      isCode('unsupported')(error);
      assert.match((error as XenscopeError).message, /does not offer reconnection/);
      assert.ok((error as XenscopeError).wayOut);
      return true;
    });
    assert.equal(wordOf(rig.page.memory, 'connection'), 0);
  });

  it('breaks off when the indices of the replies cannot be, and says them', async () => {
    const { client, dial } = (await open()).guest();
    await client.write('data', '1');
    setWord(rig.page.memory, 'rsp_prod', 0xdeadbeef);
    rig.page.serverPort.notify();
    await untilState(client, 'away');
    assert.match(
      client.state.kind === 'away' ? client.state.reason : '',
      /indices of the xenstore ring cannot be: rsp_prod is 0xdeadbeef and rsp_cons 0x[0-9a-f]+/,
    );
    await assert.rejects(client.read('data'), isCode('away'));
    client.retryNow();
    await untilState(client, 'away');
    assert.match(
      client.state.kind === 'away' ? client.state.reason : '',
      /can be used again after a reconnect/,
    );
    await dial.requestReconnect();
    await untilState(client, 'connected');
    assert.equal(String(await client.read('data')), '1');
  });

  it('stays away from a broken ring until dom0 introduces the domain again', async () => {
    const { client } = (await open({ features: 0 })).guest();
    await client.write('data', '1');
    setWord(rig.page.memory, 'rsp_prod', (wordOf(rig.page.memory, 'rsp_cons') + 1025) >>> 0);
    rig.page.serverPort.notify();
    await untilState(client, 'away');
    client.retryNow();
    await untilState(client, 'away');
    await rig.introduce();
    client.retryNow();
    await untilState(client, 'connected');
    assert.equal(String(await client.read('data')), '1');
  });

  it('hears from the error word that the server gave the ring up', async () => {
    const { client, dial } = (await open()).guest();
    await client.write('data', '1');
    setWord(rig.page.memory, 'req_prod', (wordOf(rig.page.memory, 'req_cons') + 4000) >>> 0);
    rig.page.guestPort.notify();
    await untilState(client, 'away');
    assert.match(
      client.state.kind === 'away' ? client.state.reason : '',
      /gave the ring up: the indices of a ring cannot be/,
    );
    await dial.requestReconnect();
    await untilState(client, 'connected');
    assert.equal(wordOf(rig.page.memory, 'error'), 0);
  });

  it('looks at the connection word by itself when the event of the server is lost', async () => {
    const { client, dial } = (await open()).guest({ clock: rig.clock });
    await client.write('data', '1');
    const { serverPort } = rig.page;
    serverPort.notify = () => undefined;
    let isDone = false;
    const reconnected = dial.requestReconnect().then(() => (isDone = true));
    await settle();
    assert.equal(wordOf(rig.page.memory, 'connection'), 0);
    assert.ok(!isDone, 'nothing told the guest yet');
    rig.clock.advance(100);
    await reconnected;
  });

  it('begins to work when somebody else had the ring reset', async () => {
    const { client } = (await open()).guest();
    await client.write('data', '1');
    rig.page.serverPort.onEvent = undefined;
    setWord(rig.page.memory, 'connection', 1);
    rig.page.serverPort.notify();
    await untilState(client, 'away');
    client.retryNow();
    await settle();
    assert.equal(client.state.kind, 'connecting');
    await rig.introduce();
    await untilState(client, 'connected');
  });

  it('is refused a second connection, and may have another after the first', async () => {
    await open();
    const dial = rig.dial();
    const handlers = { onData: () => undefined, onDrain: () => undefined, onClose: () => undefined };
    const first = await dial(handlers);
    await assert.rejects(dial(handlers), isCode('busy'));
    first.close();
    (await dial(handlers)).close();
    dial.close();
    await assert.rejects(dial(handlers), isCode('gone'));
    await assert.rejects(dial.requestReconnect(), isCode('gone'));
  });

  /** Somebody asks for `old` and hangs up before the server has looked. */
  async function leaveUnanswered(onReconnect?: RingDialOptions['onReconnect']): Promise<RingDial> {
    await rig.dom0.write('/local/domain/1/old', 'OLD');
    await rig.dom0.write('/local/domain/1/new', 'NEW');
    const dial = rig.dial({ onReconnect });
    const { memory, serverPort } = rig.page;
    const answer = serverPort.onEvent;
    serverPort.onEvent = undefined;
    const first = openStoreClient({ dial, clock: rig.clock });
    const ended = assert.rejects(first.read('old'), isCode('cancelled'));
    await until(() => wordOf(memory, 'req_prod') > 0);
    await settle();
    await first.close();
    await ended;
    serverPort.onEvent = answer;
    rig.page.guestPort.notify();
    return dial;
  }

  it('asks for a reconnect before a new connection could get the replies of the one before', async () => {
    await open();
    const phases: string[] = [];
    const dial = await leaveUnanswered((phase) => phases.push(phase));
    assert.deepEqual(phases, [], 'nobody needs a connection yet');
    const next = openStoreClient({ dial, clock: rig.clock });
    assert.equal(String(await next.read('new')), 'NEW');
    assert.deepEqual(phases, ['asked', 'done']);
    await next.close();
  });

  it('refuses a new connection that would get the replies of the one before, until INTRODUCE', async () => {
    await open({ features: 0 });
    const dial = await leaveUnanswered();
    const next = openStoreClient({ dial, clock: rig.clock });
    await assert.rejects(next.read('new'), isCode('away'));
    assert.match(
      next.state.kind === 'away' ? next.state.reason : '',
      /closed before all its replies had come.*after a reconnect of the ring, or when the domain is introduced/,
    );
    await rig.introduce();
    next.retryNow();
    await untilState(next, 'connected');
    assert.equal(String(await next.read('new')), 'NEW');
    await next.close();
  });

  it('refuses a new connection where the one before had read half an event', async () => {
    await open({ features: 0 });
    const dial = rig.dial();
    const chunks: number[] = [];
    const first = await dial({
      onData: (bytes) => chunks.push(bytes.length),
      onDrain: () => undefined,
      onClose: () => undefined,
    });
    const { memory, serverPort } = rig.page;
    serverPort.onEvent = undefined;
    setWord(memory, 'rsp_prod', 8);
    serverPort.notify();
    await until(() => chunks.length === 1);
    first.close();
    const handlers = { onData: () => undefined, onDrain: () => undefined, onClose: () => undefined };
    await assert.rejects(dial(handlers), isCode('away'));
  });

  it('goes on with the same ring where everything was answered', async () => {
    await open({ features: 0 });
    const dial = rig.dial();
    for (const value of ['1', '2']) {
      const client = openStoreClient({ dial, clock: rig.clock });
      await client.write('data', value);
      // Events are no replies: they may outnumber what was asked.
      const watch = await client.watch('data');
      assert.equal(String(await client.read('data')), value);
      await watch.close();
      await client.close();
    }
  });

  it('says that its page is gone', async () => {
    const { client } = (await open()).guest();
    await client.write('data', '1');
    rig.page.memory.revoke('The page of domain 1 was taken away.');
    const failed = assert.rejects(client.read('data'), isCode('interrupted'));
    await failed;
    await untilState(client, 'away');
    assert.match(client.state.kind === 'away' ? client.state.reason : '', /was taken away/);
    rig.page.guestPort.notify();
    await until(() => rig.log.includes('The ring of domain 1 is lost: The page of domain 1 was taken away.'));
  });

  it('leaves the doorbell to whoever has taken it over', async () => {
    await open();
    const [old, next] = [rig.dial(), rig.guest().client];
    old.close();
    assert.equal(await next.getDomainPath(7), '/local/domain/7');
  });

  it('names its steps in their order: copy, index, and one doorbell for what was taken and put', async () => {
    const steps: string[] = [];
    const before = ({ kind, side, text }: RingStep) => void steps.push(`${side} ${kind}: ${text}`);
    await open({ serverSteps: { before: (step) => before(step) as undefined } });
    const { client } = rig.guest({ steps: { before: (step) => before(step) as undefined } });
    await client.getDomainPath(7);
    await settle();
    assert.deepEqual(steps, [
      'guest copy: 18 bytes into req, from 0x0',
      'guest index: req_prod 0x0 → 0x12',
      'guest notify: rings at the server',
      'server copy: 18 bytes out of req, from 0x0',
      'server index: req_cons 0x0 → 0x12',
      'server copy: 32 bytes into rsp, from 0x0',
      'server index: rsp_prod 0x0 → 0x20',
      'server notify: rings at the guest',
      'guest copy: 32 bytes out of rsp, from 0x0',
      'guest index: rsp_cons 0x0 → 0x20',
      'guest notify: rings at the server',
    ]);
  });

  describe('without the feature, in the older way', () => {
    it('wipes the ring as hvmloader does, and the server keeps watches and half messages', async () => {
      await open({ features: 0 });
      const first = rig.guest();
      await first.client.write('data', '1');
      await first.client.watch('data');
      await first.client.close();
      first.dial.close();
      wipeRingAsHvmloader(rig.page.memory);
      assert.deepEqual(indicesOf(rig.page.memory), [0, 0, 0, 0]);

      const second = rig.guest().client;
      await second.write('data', '2');
      // The event of the old watch came on the ring; its token is nobody's here, and it does no harm.
      assert.ok(wordOf(rig.page.memory, 'rsp_prod') > 16 + 'OK'.length + 1);
      assert.equal(String(await second.read('data')), '2');
      // The server still has that watch, so that the same one is EEXIST; Linux drops all at boot.
      await assert.rejects(second.watch('data'), (error) => isStoreError(error, 'EEXIST'));
      await second.resetWatches();
      await (await second.watch('data')).close();
    });

    it('is misunderstood when it wipes the ring in the middle of a message', async () => {
      await open({ features: XsRingFeature.ERROR });
      setWord(rig.page.memory, 'req_prod', 8);
      rig.page.guestPort.notify();
      await until(() => wordOf(rig.page.memory, 'req_cons') === 8);
      wipeRingAsHvmloader(rig.page.memory);
      const { client } = rig.guest();
      // Half a header of zeroes and half the header after it are one request to the server.
      await assert.rejects(client.read('data'), isCode('interrupted'));
      assert.match(
        client.state.kind === 'away' ? client.state.reason : '',
        /answered request 0, which was not asked/,
      );
    });

    it('skips what the kernel before it did not read, as Linux does', async () => {
      await open({ features: 0 });
      const first = rig.guest();
      await first.client.write('data', '1');
      rig.page.guestPort.onEvent = undefined;
      void first.client.read('data').catch(() => undefined);
      const { memory } = rig.page;
      await until(() => wordOf(memory, 'rsp_prod') !== wordOf(memory, 'rsp_cons'));
      first.dial.close();
      skipRepliesAsLinux(memory);
      assert.equal(String(await rig.guest().client.read('data')), '1');
    });
  });

  it('waits at boot while the connection word is 1, and works when it is 0', async () => {
    await open({ features: BOTH }, false);
    setWord(rig.page.memory, 'connection', 1);
    const { client } = rig.guest();
    const reading = client.read('data');
    const failed = assert.rejects(reading, (error) => isStoreError(error, 'ENOENT'));
    await settle();
    assert.deepEqual(indicesOf(rig.page.memory), [0, 0, 0, 0]);
    await rig.introduce();
    await failed;
  });
});
