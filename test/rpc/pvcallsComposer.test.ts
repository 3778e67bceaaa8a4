/** Commands of PV Calls that an editor sends by hand, in its simulator. */
import assert from 'node:assert/strict';
import { EndReports } from '../../server/host/endReports';
import type {
  ComposerCommand,
  ComposerEntry,
  ComposerNews,
  ComposerPlan,
  ComposerState,
} from '../../server/rpc/api';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { ComposerFeed, composerNewsIntervalMs, maxComposers } from '../../server/rpc/pvcallsComposerFeed';
import { ComposerRig, closeRigs, nameDomain } from '../act/composerKit';
import type { ManualClock } from '../sim/manualClock';
import { Editor, base64, eventually } from './rig';

describe('commands of PV Calls by hand, over the API', function () {
  this.timeout(120_000);
  const host = 'simulator';
  const plan: ComposerPlan = { kind: 'own', actAs: 1, backend: 0 };
  let editor: Editor;
  let opened: number[] = [];

  before(async () => {
    editor = await Editor.onSimulator();
    // The drivers take their time, and a world at pace 0 has none.
    await editor.ask('xenscope/setPace', { host, pace: 20 });
  });
  afterEach(async () => {
    for (const composerId of opened) await editor.ask('xenscope/composerForget', { host, composerId });
    opened = [];
  });
  after(() => editor.close());

  async function open(which: ComposerPlan = plan, confirmed = false): Promise<number> {
    const { composerId } = await editor.ask('xenscope/composerOpen', { host, plan: which, confirmed });
    opened.push(composerId);
    return composerId;
  }
  const newsOf = (composerId: number): ComposerNews[] =>
    editor.all('xenscope/composerNews').filter((news) => news.composerId === composerId);
  const state = (composerId: number, isSo: (state: ComposerState) => boolean) =>
    eventually(() => {
      const last = newsOf(composerId).at(-1);
      return last && isSo(last.state) ? last.state : undefined;
    });
  const entry = (composerId: number, number: number): ComposerEntry | undefined =>
    newsOf(composerId)
      .flatMap(({ entries }) => entries)
      .filter((each) => each.number === number)
      .at(-1);
  const received = (composerId: number, id: string) =>
    Buffer.concat(
      newsOf(composerId)
        .flatMap((news) => news.received)
        .filter((each) => each.id === id)
        .map(({ bytes }) => Buffer.from(bytes, 'base64')),
    ).toString('latin1');

  async function call(
    composerId: number,
    command: ComposerCommand,
    fields: Record<string, string> = {},
  ): Promise<ComposerEntry> {
    const draft = { kind: 'fields', command, fields } as const;
    const { number } = await editor.ask('xenscope/composerCall', { host, composerId, draft });
    return eventually(() => {
      const found = entry(composerId, number);
      return found?.phase === 'answered' ? found : undefined;
    });
  }

  it('offers domains to act as, backends, and a form for each command', async () => {
    const { actors, backends, forms, whyNoForeign } = await editor.ask('xenscope/composerChoices', { host });
    assert.ok(actors!.includes(0) && actors!.includes(1), String(actors));
    assert.equal(backends.find(({ domid }) => domid === 0)?.serves, 'yes');
    assert.equal(whyNoForeign, undefined);
    assert.deepEqual(
      forms.map(({ command, number }) => [command, number]),
      ['socket', 'connect', 'release', 'bind', 'listen', 'accept', 'poll'].map((name, at) => [name, at]),
    );
    for (const { fields } of forms) {
      assert.ok(fields.every(({ help, label }) => help.length > 0 && label.length > 0));
      assert.equal(new Set(fields.map(({ name }) => name)).size, fields.length);
    }
  });

  it('says before which nodes are written', async () => {
    const preview = await editor.ask('xenscope/composerPreview', { host, plan });
    assert.equal(preview.verdict, 'allow');
    assert.match(preview.text, /gets a new PV Calls device, number \d+, with its backend in Domain-0/);
    const paths = preview.changes.map(({ path }) => path);
    assert.ok(
      paths.some((path) => /^\/local\/domain\/1\/device\/pvcalls\/\d+\/state$/.test(path)),
      String(paths),
    );
    assert.ok(paths.some((path) => /^\/local\/domain\/0\/backend\/pvcalls\/1\/\d+\/online$/.test(path)));
    const wrong = await editor.ask('xenscope/composerPreview', { host, plan: { ...plan, backend: 30_000 } });
    assert.equal(wrong.verdict, 'refuse');
    assert.match(wrong.text, /There is no .*30000/);
  });

  it('opens two devices, whose sockets speak to each other', async () => {
    const [one, other] = [await open(), await open({ kind: 'own', actAs: 2, backend: 0 })];
    for (const id of [one, other]) await state(id, ({ phase }) => phase === 'open');
    const at = { id: '1', address: '10.0.0.1:7070' };
    await call(one, 'socket');
    assert.equal((await call(one, 'bind', at)).text, 'Bind socket 1 to 10.0.0.1:7070: done.');
    await call(one, 'listen', { id: '1' });
    const accepting = editor.ask('xenscope/composerCall', {
      host,
      composerId: one,
      draft: { kind: 'fields', command: 'accept', fields: { id: '1', newId: '9', order: '2' } },
    });
    await call(other, 'socket');
    assert.equal((await call(other, 'connect', at)).severity, 'fine');
    const { number } = await accepting;
    await eventually(() => entry(one, number)?.phase === 'answered');
    const send = (composerId: number, id: string, text: string) =>
      editor.ask('xenscope/composerSend', { host, composerId, id, bytes: base64(text) });
    const { sentBytes, timeMs } = await send(other, '1', 'to the server');
    assert.equal(sentBytes, 13);
    assert.equal((await send(one, '9', 'to the client')).sentBytes, 13);
    await eventually(
      () => received(one, '9') === 'to the server' && received(other, '1') === 'to the client',
    );
    // By the same clock: nothing comes before it was sent.
    const came = newsOf(one).find((news) => news.received.some(({ id }) => id === '9'))!;
    assert.ok(came.timeMs >= timeMs, `${came.timeMs - timeMs} ms`);
    const seen = await state(one, ({ sockets }) => sockets.some(({ stream }) => stream?.sent.bytes === 13));
    assert.equal(seen.sockets.find(({ id }) => id === '9')?.stream?.rings.order, 2);
    // Guests of the demo host listen, and that is seen on their command rings.
    await state(one, ({ suggested }) => suggested.listeners?.includes('10.0.0.1:80') ?? false);
    assert.match(seen.device.ring!, /^device:1:/);
    assert.equal((await call(other, 'release', { id: '1' })).text, 'Release socket 1: done.');
    await state(one, ({ sockets }) => sockets.some(({ stream }) => stream?.receiving === 'ended'));
  });

  it('refuses what cannot be sent, with one sentence for each field', async () => {
    const composerId = await open();
    const check = (command: ComposerCommand, fields: Record<string, string>) =>
      editor.ask('xenscope/composerCheck', {
        host,
        composerId,
        draft: { kind: 'fields', command, fields },
      });
    const { problems, slot } = await check('connect', { id: 'x', address: 'here', order: '12' });
    assert.equal(slot, undefined);
    assert.deepEqual(
      problems.map(({ field }) => field),
      ['order', 'id', 'address'],
    );
    const draft = { kind: 'fields', command: 'connect', fields: { id: 'x' } } as const;
    await assert.rejects(
      editor.ask('xenscope/composerCall', { host, composerId, draft }),
      /not connected yet/,
    );
    await assert.rejects(
      editor.ask('xenscope/composerSend', { host, composerId, id: 'x', bytes: '' }),
      /is no number of a socket/,
    );
  });

  it('ends with its panel, and no more than a few are open at once', async () => {
    for (let count = 0; count < maxComposers; count++) await open();
    await assert.rejects(open(), /devices of PV Calls are open by hand on this host already/);
    const [first] = opened.splice(0, 1);
    await editor.ask('xenscope/composerForget', { host, composerId: first! });
    await assert.rejects(
      editor.ask('xenscope/composerEnd', { host, composerId: first!, how: 'close' }),
      /not open any more/,
    );
    await open();
  });

  it('writes into the ring of somebody else once it was agreed to, and sees the answer pass', async () => {
    const device = await eventually(async () => {
      const { foreign } = await editor.ask('xenscope/composerChoices', { host });
      return foreign.find(({ problem }) => problem === undefined)?.device;
    });
    const others: ComposerPlan = { kind: 'foreign', device };
    const { verdict, text } = await editor.ask('xenscope/composerPreview', { host, plan: others });
    assert.equal(verdict, 'confirm');
    assert.match(text, /behind the back of its driver/);
    await assert.rejects(open(others), /behind the back of its driver/);
    const composerId = await open(others, true);
    await state(composerId, ({ kind, phase }) => kind === 'foreign' && phase === 'open');
    const draft = { kind: 'raw', slot: '0a0b0c0d 63000000' } as const;
    const { number } = await editor.ask('xenscope/composerCall', { host, composerId, draft });
    const found = await eventually(() => {
      const seen = entry(composerId, number);
      return seen?.phase === 'answered' ? seen : undefined;
    });
    assert.match(found.text, /not supported \(ENOTSUP, −524\)\. It went to /);
  });
});

describe('composers of PV Calls on a host', function () {
  this.timeout(60_000);
  afterEach(closeRigs);

  /** Over a world without an editor, and without anybody who listens to commands. */
  function feedOf(rig: ComposerRig, reports = new EndReports()) {
    const { world, store, domid } = rig;
    const news: ComposerNews[] = [];
    const feed = new ComposerFeed({
      hostId: 'world',
      host: Object.assign(world, { endReports: reports }),
      guard: { store, nameDomain, isReal: false },
      domains: { all: [{ domid: 0 }, { domid }] } as never,
      isBusy: () => false,
      send: (one) => news.push(one),
    });
    const until = (isSo: () => boolean) =>
      rig.until(() => {
        (world.clock as ManualClock).tick(composerNewsIntervalMs);
        return isSo();
      });
    return { feed, news, until };
  }

  it('show the data rings of their own sockets, though nobody has seen the commands that made them', async () => {
    const network = new SimNetwork();
    const there = { host: '10.0.0.80', port: 80 };
    (await network.bind(there)).listen(({ stream }) => stream.on('error', () => undefined));
    const rig = await ComposerRig.open({ network });
    const { feed, news, until } = feedOf(rig);
    await rig.during(feed.open(1, { kind: 'own', actAs: rig.domid, backend: 0 }, false));
    const session = feed.session(1);
    await until(() => session.state.phase === 'open');
    const draft = {
      kind: 'fields',
      command: 'connect',
      fields: { id: '7', address: '10.0.0.80:80' },
    } as const;
    session.call(draft);
    const ringOf = () => news.at(-1)?.state.sockets[0]?.stream?.ring;
    await until(() => ringOf() !== undefined);
    assert.equal(ringOf(), `device:${rig.domid}:pvcalls/1/socket-7`);
    const isThere = () =>
      rig.world
        .observer()
        .pages()
        .some(({ id }) => id === `device:${rig.domid}:pvcalls/1/socket-7`);
    assert.ok(isThere());
    await rig.during(feed.forget(1));
    assert.ok(!isThere(), 'what is over is named no more');
    await rig.during(feed.close());
  });

  it('are closed in order when the editor leaves', async () => {
    const rig = await ComposerRig.open();
    const before = await rig.holdings();
    const reports = new EndReports();
    const { feed, news, until } = feedOf(rig, reports);
    const plan = { kind: 'own', actAs: rig.domid, backend: 0 } as const;
    await rig.during(feed.open(1, plan, false));
    await rig.during(feed.open(2, plan, false));
    await until(() => [1, 2].every((id) => feed.session(id).state.phase === 'open'));
    assert.deepEqual(new Set(news.map(({ composerId }) => composerId)), new Set([1, 2]));
    const { frontend } = feed.session(1).state.device;
    assert.deepEqual(
      reports.of(frontend!).map(({ side }) => side),
      ['frontend'],
    );
    await rig.during(feed.close());
    // Another device of the same name has nothing to do with it.
    assert.deepEqual(reports.of(frontend!), []);
    await assert.rejects(rig.during(feed.open(3, plan, false)), /disconnected meanwhile/);
    assert.deepEqual(await rig.holdings(), before);
  });
});
