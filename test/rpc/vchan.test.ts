/** Ends of vchans that an editor drives by hand, in its simulator: two of them against each other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { VchanNews, VchanPlan, VchanSendResult, VchanState } from '../../server/rpc/api';
import { maxVchanConsoles } from '../../server/rpc/vchanFeed';
import { Editor, base64, eventually } from './rig';

describe('vchans by hand, over the API', function () {
  this.timeout(60_000);
  const host = 'simulator';
  let editor: Editor;
  let opened: number[] = [];
  /** One of its own for each test: a world takes a while to come up, so all have the same. */
  let folder = '';
  let server: VchanPlan;
  let client: VchanPlan;
  let tests = 0;

  before(async () => (editor = await Editor.onSimulator()));
  beforeEach(() => {
    const path = `data/vchan/2/test${++tests}`;
    folder = `/local/domain/1/${path}`;
    server = { role: 'server', actAs: 1, peer: 2, path };
    client = { role: 'client', actAs: 2, peer: 1, path: folder };
  });
  afterEach(async () => {
    for (const consoleId of opened) await editor.ask('xenscope/vchanForget', { host, consoleId });
    opened = [];
  });
  after(() => editor.close());

  async function open(plan: VchanPlan): Promise<number> {
    const { consoleId } = await editor.ask('xenscope/vchanOpen', { host, plan, confirmed: false });
    opened.push(consoleId);
    return consoleId;
  }
  const newsOf = (consoleId: number): VchanNews[] =>
    editor.all('xenscope/vchanNews').filter((news) => news.consoleId === consoleId);
  const received = (consoleId: number) =>
    Buffer.concat(newsOf(consoleId).map((news) => Buffer.from(news.received, 'base64'))).toString('latin1');
  const state = (consoleId: number, isSo: (state: VchanState, news: VchanNews) => boolean) =>
    eventually(() => {
      const last = newsOf(consoleId).at(-1);
      return last && isSo(last.state, last) ? last : undefined;
    });
  const send = (consoleId: number, text: string) =>
    editor.ask('xenscope/vchanSend', { host, consoleId, bytes: base64(text) });
  const end = (consoleId: number, how: 'close' | 'killed' | 'vanished') =>
    editor.ask('xenscope/vchanEnd', { host, consoleId, how });
  const names = (at: string) => editor.ask('xenscope/names', { host, path: at });

  async function pair(over: Partial<VchanPlan> = {}): Promise<[number, number]> {
    const one = await open({ ...server, ...over });
    await state(one, ({ peer }) => peer === 'waiting');
    const other = await open(client);
    await state(other, ({ phase }) => phase === 'open');
    await state(one, ({ peer }) => peer === 'here');
    return [one, other];
  }

  it('says before what is written where, with which permissions', async () => {
    const preview = await editor.ask('xenscope/vchanPreview', { host, plan: server });
    assert.equal(preview.verdict, 'allow');
    assert.match(
      preview.text,
      /offers a vchan to .* are written to \/local\/domain\/1\/data\/vchan\/2\/test/,
    );
    assert.ok(
      preview.details.some((line) => line.includes('n1,r2')),
      preview.details.join('\n'),
    );
    const connecting = await editor.ask('xenscope/vchanPreview', { host, plan: client });
    assert.match(connecting.details[0]!, /Nobody offers one there now/);
  });

  it('does without libxenvchan, whose domain nobody simulates, and says so', async () => {
    const plan: VchanPlan = { ...server, engine: 'libxenvchan' };
    const { details } = await editor.ask('xenscope/vchanPreview', { host, plan });
    assert.ok(details.some((line) => line.startsWith('Xenscope moves the bytes itself')));
    await state(await open(plan), ({ peer }) => peer === 'waiting');
  });

  it('refuses what cannot be, each with a sentence', async () => {
    const verdict = async (over: Partial<VchanPlan>) => {
      const { verdict, text } = await editor.ask('xenscope/vchanPreview', {
        host,
        plan: { ...server, ...over },
      });
      assert.equal(verdict, 'refuse');
      return text;
    };
    assert.match(await verdict({ path: 'data/vchan/2/a b' }), /cannot contain a space/);
    assert.match(await verdict({ path: `data/${'x'.repeat(60)}` }), /at most 49/);
    assert.match(await verdict({ peer: 40_000 }), /no number of a domain/);
    assert.match(await verdict({ rightBytes: 2 ** 20 + 1 }), /at most 1 MiB/);
  });

  it('takes the place of a server that was killed once that is agreed to, and of no other', async () => {
    const ask = () => editor.ask('xenscope/vchanPreview', { host, plan: server });
    const confirm = async (plan: VchanPlan) => {
      const { consoleId } = await editor.ask('xenscope/vchanOpen', { host, plan, confirmed: true });
      opened.push(consoleId);
      return consoleId;
    };
    const [killed] = await pair();
    const alive = await ask();
    assert.equal(alive.verdict, 'confirm');
    assert.match(alive.details[0]!, /takes its place: ring-ref \d+ .* its server may be there/);
    await end(killed, 'killed');
    await editor.ask('xenscope/vchanForget', { host, consoleId: opened.pop()! });
    const { verdict, replaces, details } = await eventually(async () => {
      const preview = await ask();
      return preview.details[0]!.includes('its server has ended') ? preview : undefined;
    });
    assert.equal(verdict, 'confirm');
    assert.match(details[0]!, new RegExp(`ring-ref ${replaces} and event-channel \\d+ are replaced`));
    await assert.rejects(open({ ...server, replaces: replaces! }), /Confirm it first|offers a vchan/);
    await assert.rejects(confirm(server), /Confirm it first|offers a vchan/);
    await assert.rejects(confirm({ ...server, replaces: '999' }), /Confirm it first|offers a vchan/);
    const one = await confirm({ ...server, replaces: replaces! });
    await state(one, ({ peer }) => peer === 'waiting');
    const other = await open(client);
    await state(other, ({ phase }) => phase === 'open');
    await send(other, 'to the successor');
    await eventually(() => received(one) === 'to the successor');
    await end(one, 'close');
    await assert.rejects(names(folder));
  });

  it('carries bytes both ways, and tells how full both rings are', async () => {
    const [one, other] = await pair({ leftBytes: 1024, rightBytes: 1024 });
    const { sentBytes, timeMs } = await send(other, 'to the server');
    assert.equal(sentBytes, 13);
    assert.equal((await send(one, 'to the client')).sentBytes, 13);
    await eventually(() => received(one) === 'to the server' && received(other) === 'to the client');
    // By the same clock: nothing comes before it was sent.
    assert.ok(newsOf(one).find((news) => news.received !== '')!.timeMs >= timeMs);
    await state(one, ({ sent, received }) => sent.bytes === 13 && received.messages === 1);
    const seen = await state(other, (_, { verdict }) => verdict !== undefined);
    assert.deepEqual(seen.state.output, { name: 'left', sizeBytes: 1024, usedBytes: 0 });
    assert.deepEqual(seen.state.input, { name: 'right', sizeBytes: 2048, usedBytes: 0 });
    assert.match(seen.state.ring!, /^vchan:1:\d+$/);
  });

  it('stops reading, and a send that is called off says how far it came', async () => {
    const [one, other] = await pair({ leftBytes: 1024, rightBytes: 1024 });
    const reading = (reads: boolean) =>
      editor.ask('xenscope/vchanReading', { host, consoleId: one, reads, keepAll: false });
    await reading(false);
    await state(one, ({ reads }) => !reads);
    const cancel = new CancellationTokenSource();
    const bytes = base64('x'.repeat(3000));
    const sending = editor.connection.sendRequest(
      'xenscope/vchanSend',
      { host, consoleId: other, bytes },
      cancel.token,
    );
    const full = await state(other, ({ output }) => output?.usedBytes === 1024);
    assert.match((await state(other, ({ text }) => text.includes('full'))).state.text, /does not read/);
    assert.equal(full.state.sent.bytes, 1024);
    await assert.rejects(send(other, 'more'), /still being sent/);
    cancel.cancel();
    const { sentBytes, problem, isStopped } = (await sending) as VchanSendResult;
    assert.deepEqual([sentBytes, problem, isStopped], [1024, undefined, true]);
    await reading(true);
    await eventually(() => received(one) === 'x'.repeat(1024));
  });

  it('closes in order: nothing is left in the store, and what was written can still be read', async () => {
    const [one, other] = await pair();
    await editor.ask('xenscope/vchanReading', { host, consoleId: other, reads: false, keepAll: false });
    await send(one, 'last words');
    assert.equal((await names(folder)).length, 2);
    await end(one, 'close');
    assert.equal((await state(one, ({ phase }) => phase === 'ended')).state.severity, 'note');
    const left = await state(other, ({ peer }) => peer === 'gone');
    assert.match(left.state.text, /has left with 10 bytes unread/);
    await editor.ask('xenscope/vchanReading', { host, consoleId: other, reads: true, keepAll: false });
    await eventually(() => received(other) === 'last words');
    await state(other, ({ text }) => text.includes('all that it wrote is read'));
    await assert.rejects(names(folder));
    await assert.rejects(send(one, 'x'), /not open any more/);
    const { sentBytes, problem } = await send(other, 'anybody?');
    assert.equal(sentBytes, 0);
    assert.match(problem!, /has left this vchan/);
  });

  it('ends on purpose: killed, the other side is told by the kernel and the nodes stay', async () => {
    const [one, other] = await pair();
    await end(one, 'killed');
    await state(other, ({ peer }) => peer === 'gone');
    assert.match(
      (await state(one, ({ phase }) => phase === 'ended')).state.text,
      /killed.*still in the xenstore/,
    );
    assert.deepEqual([...(await names(folder))].sort(), ['event-channel', 'ring-ref']);
    // A client that comes now finds what a dead server left.
    const late = await open(client);
    const failed = await state(late, ({ phase }) => phase === 'failed');
    assert.match(failed.state.text, /a server that has ended/);
  });

  it('ends on purpose: vanished, nobody is told, and the other side finds it out', async () => {
    const [one, other] = await pair();
    await send(other, 'unheard');
    await end(other, 'vanished');
    await state(other, ({ phase }) => phase === 'ended');
    const { state: left } = await state(one, ({ peer }) => peer === 'gone');
    assert.match(left.text, /gone without a word: it was destroyed, or runs another kernel/);
    await eventually(() => received(one) === 'unheard');
  });

  it('takes the next client where the server is persistent', async () => {
    const [one, other] = await pair({ persistent: true });
    await end(other, 'close');
    await state(one, ({ text }) => text.includes('the next client is waited for'));
    const next = await open(client);
    await state(next, ({ phase }) => phase === 'open');
    await send(next, 'again');
    await eventually(() => received(one) === 'again');
  });

  it('explains each step that fails', async () => {
    const failure = async (plan: VchanPlan) => {
      const { state: failed } = await state(await open(plan), ({ phase }) => phase === 'failed');
      return `${failed.text} ${failed.wayOut}`;
    };
    assert.match(await failure(client), /No vchan is offered at .* no such node\. Start the server first/);
    await open(server);
    await eventually(async () => (await names(folder).catch(() => [])).length === 2);
    assert.match(await failure({ ...client, actAs: 3 }), /is not for .*: .* may read its nodes/);
    assert.match(
      await failure({ role: 'server', actAs: 2, peer: 1, path: '/local/domain/1/data/vchan/9' }),
      /does not let .* write to/,
    );
    await assert.rejects(open({ ...client, actAs: 999 }), /no domain 999/);
  });

  it('waits for a server, lists what is offered, and is forgotten with the panel', async () => {
    const waiting = await open({ ...client, waits: true });
    await state(waiting, ({ text }) => text.startsWith('Waiting until'));
    const one = await open(server);
    await state(waiting, ({ phase }) => phase === 'open');
    const { actors, offers } = await editor.ask('xenscope/vchanChoices', { host });
    assert.ok(actors!.includes(0) && actors!.includes(1));
    assert.deepEqual(
      offers.filter((offer) => offer.path === folder),
      [{ path: client.path, server: 1, client: 2 }],
    );
    await editor.ask('xenscope/vchanForget', { host, consoleId: one });
    await state(waiting, ({ peer }) => peer === 'gone');
    await assert.rejects(send(one, 'x'), /not open any more/);
  });

  it('asks before a second client comes, who would break what the first one does', async () => {
    await pair({ persistent: true });
    const { verdict, details } = await editor.ask('xenscope/vchanPreview', { host, plan: client });
    assert.equal(verdict, 'confirm');
    assert.match(details[0]!, /A client is there already/);
    await assert.rejects(open(client), /Confirm it first|connects as client/);
  });

  it('says that the world is held, and goes on with it', async () => {
    const [one, other] = await pair();
    await editor.ask('xenscope/hold', { host });
    const sending = send(other, 'held');
    await state(other, ({ text }) => text.includes('the world is held'));
    const late = await open({ ...server, path: `${server.path}x` });
    await state(late, ({ text }) => text.includes('It is being opened') && text.includes('held'));
    assert.equal(received(one), '');
    await editor.ask('xenscope/resume', { host });
    assert.equal((await sending).sentBytes, 4);
    await eventually(() => received(one) === 'held');
    await state(late, ({ peer }) => peer === 'waiting');
  });

  it('acts as domain 0 as well', async () => {
    const path = `data/vchan/2/test${tests}`;
    const one = await open({ role: 'server', actAs: 0, peer: 2, path });
    await state(one, ({ peer }) => peer === 'waiting');
    const other = await open({ role: 'client', actAs: 2, peer: 0, path: `/local/domain/0/${path}` });
    await state(other, ({ phase }) => phase === 'open');
    await send(other, 'to domain 0');
    await eventually(() => received(one) === 'to domain 0');
  });

  it('opens only so many at once, also when all are asked for together', async () => {
    const asked = Array.from({ length: maxVchanConsoles + 4 }, (_, at) =>
      open({ ...server, path: `${server.path}-${at}` }),
    );
    const answers = await Promise.allSettled(asked);
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, maxVchanConsoles);
    await assert.rejects(open(server), /16 vchans are open by hand on this host already/);
  });

  it('ends with the domain that it acts as, and keeps what has come until then', async () => {
    const { domains } = await editor.ask('xenscope/world', { host });
    const { domid, name } = domains.findLast(({ can }) => can.includes('destroy'))!;
    const path = `data/vchan/2/test${tests}`;
    const one = await open({ role: 'server', actAs: domid!, peer: 0, path });
    await state(one, ({ peer }) => peer === 'waiting');
    const other = await open({
      role: 'client',
      actAs: 0,
      peer: domid!,
      path: `/local/domain/${domid}/${path}`,
    });
    await state(one, ({ peer }) => peer === 'here');
    await send(other, 'just before');
    await eventually(() => received(one) === 'just before');
    await editor.ask('xenscope/domainAct', { host, act: 'destroy', who: domid! });
    const ended = await state(one, ({ phase }) => phase === 'ended');
    assert.match(ended.state.text, new RegExp(`^${name} .* has ended`));
    await assert.rejects(send(one, 'x'), /not open any more/);
  });

  it('writes down what a person did, in the flight recorder of the world', async () => {
    const [, other] = await pair();
    await send(other, 'recorded');
    const file = editor.path('journal');
    await editor.ask('xenscope/saveJournal', { host, file });
    const journal = readFileSync(file, 'utf8');
    assert.match(journal, /vchan console: as .*: A vchan is being offered/);
    assert.match(journal, new RegExp(`sends 8 bytes: ${Buffer.from('recorded').toString('hex')}`));
  });
});
