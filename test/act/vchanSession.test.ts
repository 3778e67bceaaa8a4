/** An end of a vchan that is driven by hand, on a host that is no simulated world: what it keeps, drops, and leaves behind. */
import assert from 'node:assert/strict';
import { judgeVchan } from '../../server/act/vchanGuard';
import type { VchanPlan } from '../../server/act/vchanPlan';
import { VchanReader, maxKeptBytes } from '../../server/act/vchanReader';
import { VchanSession } from '../../server/act/vchanSession';
import { systemClock } from '../../server/cli/systemClock';
import type { XenscopeError } from '../../server/host/errors';
import { VchanFeed } from '../../server/rpc/vchanFeed';
import type { VchanNews } from '../../server/rpc/api';
import { CLIENT, Rig, SERVER, isCode, paths } from '../vchan/rig';

const serving: VchanPlan = { role: 'server', peer: CLIENT, path: paths.server };

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe('an end of a vchan by hand', () => {
  let rig: Rig;
  beforeEach(async () => (rig = await Rig.open()));
  afterEach(() => rig.close());

  const nameDomain = (domid: number) => `domain ${domid}`;
  const names = { ownDomid: SERVER, own: 'domain 1', peer: 'domain 2', isHeld: () => false };

  function serve(plan: VchanPlan = serving): VchanSession {
    const { store, grants, events } = rig.server;
    return new VchanSession({
      plan,
      program: { store, grants, events, close: () => Promise.resolve() },
      clock: systemClock,
      names,
      explain: (error) => Promise.resolve(error as XenscopeError),
    });
  }

  describe('that reads', () => {
    async function flooded(): Promise<{ reader: VchanReader; write: (bytes: number) => Promise<void> }> {
      const { server, client } = await rig.pair({ leftBytes: 65_536, rightBytes: 1024 });
      const reader = new VchanReader(server, systemClock);
      let value = 0;
      const write = (bytes: number) => client.write(Buffer.alloc(bytes, ++value));
      return { reader, write };
    }

    it('drops the oldest of what nobody asks for, and says how much', async () => {
      const { reader, write } = await flooded();
      for (let piece = 0; piece < 8; piece++) await write(65_536);
      await until(() => reader.receivedBytes === 8 * 65_536);
      const { bytes, droppedBytes } = reader.take();
      assert.ok(bytes.length <= maxKeptBytes, String(bytes.length));
      assert.equal(bytes.length + droppedBytes, 8 * 65_536);
      assert.equal(bytes.at(-1), 8);
      assert.equal(reader.droppedBytes, droppedBytes);
      assert.deepEqual(reader.take(), { bytes: Buffer.alloc(0), droppedBytes: 0 });
    });

    it('drops nothing where all is to be kept: the other side waits', async () => {
      const { reader, write } = await flooded();
      reader.set({ reads: true, keepAll: true });
      let written = 0;
      const writing = (async () => {
        for (; written < 8; written++) await write(65_536);
      })();
      let taken = 0;
      await until(() => reader.receivedBytes >= maxKeptBytes);
      while (taken < 8 * 65_536) {
        const { bytes, droppedBytes } = reader.take();
        assert.equal(droppedBytes, 0);
        taken += bytes.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await writing;
      assert.equal(written, 8);
    });
  });

  it('is closed while it is being opened, and leaves nothing behind', async () => {
    const before = await rig.holdings();
    const session = serve();
    await session.end('close');
    assert.equal(session.state.phase, 'ended');
    assert.deepEqual(await rig.holdings(), before);
  });

  it('says what the other side broke, in place of nothing', async () => {
    const session = serve();
    await until(() => session.state.phase === 'open');
    const client = await rig.connect();
    await until(() => session.state.peer === 'here');
    rig.page().set('left_prod', 0x8000_0000);
    rig.client.ports.at(-1)!.notify();
    await until(() => session.state.severity === 'error');
    assert.match(session.state.text, /left_prod is 0x80000000 .* libxenvchan would call this idle/);
    assert.equal(session.state.input?.usedBytes, undefined);
    await session.end('close');
    await client.close();
  });

  it('gets its place alone, where two that were both allowed are opened at once', async () => {
    const before = await rig.holdings();
    const guard = { store: rig.dom0, nameDomain, isReal: false, allowDomain0Edits: () => false };
    assert.equal((await judgeVchan({ ...serving, actAs: SERVER }, guard)).verdict, 'allow');
    const both = [serve(), serve()];
    await until(() => both.every(({ state }) => state.phase !== 'opening'));
    assert.deepEqual(both.map(({ state }) => state.phase).sort(), ['failed', 'open']);
    const lost = both.find(({ state }) => state.phase === 'failed')!;
    assert.match(lost.state.text, /A vchan is offered at .* already/);
    await (await rig.connect()).close();
    for (const one of both) await one.end('close');
    assert.deepEqual(await rig.holdings(), before);
  });

  it('is only closed in order where the host is real', async () => {
    const session = serve();
    await until(() => session.state.phase === 'open');
    await assert.rejects(session.end('killed'), isCode('unsupported', /only closed in order/));
    await session.end('close');
    await session.end('close');
  });

  it('is closed with the connection of its editor', async () => {
    const before = await rig.holdings();
    const news: VchanNews[] = [];
    const { grants, events, store } = rig.server;
    const feed = new VchanFeed({
      hostId: 'test',
      host: {
        kind: 'real',
        clock: systemClock,
        random: { next: () => 0, below: () => 0 },
        openStore: () => store,
        openProgram: () => ({ store, grants, events, close: () => Promise.resolve() }),
        close: () => Promise.resolve(),
      },
      guard: { store, nameDomain, isReal: true, allowDomain0Edits: () => false },
      domains: { all: [{ domid: SERVER }, { domid: CLIENT }] } as never,
      verdictOf: () => undefined,
      isBusy: () => false,
      send: (one) => news.push(one),
    });
    await assert.rejects(feed.open(1, serving, false), isCode('refused'));
    await feed.open(1, serving, true);
    await until(() => news.at(-1)?.state.peer === 'waiting');
    assert.notDeepEqual(await rig.holdings(), before);
    await feed.close();
    assert.deepEqual(await rig.holdings(), before);
  });

  describe('the guard of a real host', () => {
    const judge = (plan: Partial<VchanPlan>, allowsDomain0 = false) =>
      judgeVchan(
        { ...serving, actAs: 0, ...plan },
        { store: rig.dom0, nameDomain, isReal: true, allowDomain0Edits: () => allowsDomain0 },
      );

    it('asks before anything is opened', async () => {
      assert.equal((await judge({ path: 'data/vchan/2/513' })).verdict, 'confirm');
      assert.equal((await judge({ role: 'client', peer: 1, path: paths.client })).verdict, 'confirm');
    });

    it('leaves the paths of domain 0 alone, but for its vchans', async () => {
      for (const path of ['data/vchan', 'vchan', '/local/domain/0/backend/x', 'data/vchanx/1']) {
        const { verdict, details } = await judge({ path });
        assert.equal(verdict, 'refuse', path);
        assert.match(details.join(' '), /allowDomain0Edits/);
        assert.equal((await judge({ path }, true)).verdict, 'confirm', path);
      }
    });

    it('says that there is no such client where the store says so, and not where nobody may look', async () => {
      const missing = /There is no .*; nobody else can connect/;
      assert.match((await judge({ peer: 99 })).details.join(' '), missing);
      assert.doesNotMatch((await judge({})).details.join(' '), missing);
      const { store } = rig.server;
      const guard = { store, nameDomain, isReal: true, allowDomain0Edits: () => false };
      const { details } = await judgeVchan({ ...serving, peer: 99 }, guard);
      assert.doesNotMatch(details.join(' '), missing);
    });

    it('takes the place of a vchan of the same domain when that is agreed to, and names it', async () => {
      await rig.dom0.write('/local/domain/0/data/vchan/2/513/ring-ref', '9');
      const { verdict, replaces, details } = await judge({ path: 'data/vchan/2/513' });
      assert.deepEqual([verdict, replaces], ['confirm', '9']);
      assert.match(details[0]!, /ring-ref 9 and event-channel missing are replaced\. If its server is still/);
    });

    it('never takes the place of a vchan of another domain', async () => {
      await rig.serve();
      const { verdict, text, details } = await judge({ path: paths.client }, true);
      assert.equal(verdict, 'refuse');
      assert.match(text, /offered at .* already: its ring-ref is \d+/);
      assert.match(details.join(' '), /this one belongs to domain 1\./);
    });

    it('never puts nodes among those of others', async () => {
      for (const port of ['513', '514', '515', '516']) {
        await rig.dom0.write(`/local/domain/0/data/vchan/2/${port}/ring-ref`, '9');
      }
      const { verdict, text, details } = await judge({ path: 'data/vchan/2' });
      assert.equal(verdict, 'refuse');
      assert.equal(
        text,
        '/local/domain/0/data/vchan/2 holds something else already: 513, 514, 515 and 1 more.',
      );
      assert.match(details.join(' '), /Choose a path that is not there yet/);
      assert.equal((await judge({ path: '/local/domain/1' }, true)).verdict, 'refuse');
      assert.equal((await judge({ path: '/local' }, true)).verdict, 'refuse');
    });
  });
});
