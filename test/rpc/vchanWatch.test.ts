/** An editor that listens to a vchan between two ends of its simulator, which it drives itself here. */
import assert from 'node:assert/strict';
import type { VchanNews, VchanPlan } from '../../server/rpc/api';
import { Editor, base64, eventually } from './rig';

describe('vchans that are watched, over the API', function () {
  this.timeout(60_000);
  const host = 'simulator';
  let editor: Editor;
  let server: number;
  let client: number;
  let watch: number;
  let ring: string;
  let opened: number[] = [];

  before(async () => (editor = await Editor.onSimulator()));
  after(() => editor.close());
  afterEach(async () => {
    for (const consoleId of opened) await editor.ask('xenscope/vchanForget', { host, consoleId });
    opened = [];
  });

  async function open(plan: VchanPlan): Promise<number> {
    const { consoleId } = await editor.ask('xenscope/vchanOpen', { host, plan, confirmed: true });
    opened.push(consoleId);
    return consoleId;
  }
  const newsOf = (id: number): VchanNews[] =>
    editor.all('xenscope/vchanNews').filter(({ consoleId }) => consoleId === id);
  const last = (id: number, isSo: (news: VchanNews) => boolean) =>
    eventually(() => newsOf(id).filter(isSo).at(-1));
  const send = (consoleId: number, bytes: string) =>
    editor.ask('xenscope/vchanSend', { host, consoleId, bytes });
  const passed = (ring: 'left' | 'right') =>
    Buffer.concat(
      newsOf(watch)
        .flatMap((news) => news.passed ?? [])
        .filter((one) => one.ring === ring)
        .map(({ bytes }) => Buffer.from(bytes, 'base64')),
    );

  /** Two ends with rings of at least so many bytes, and somebody who listens. */
  async function listen(bytes: number): Promise<void> {
    const sizes = { leftBytes: bytes, rightBytes: bytes };
    server = await open({ role: 'server', actAs: 1, peer: 2, path: 'data/vchan/2/watched', ...sizes });
    await last(server, ({ state }) => state.peer === 'waiting');
    client = await open({ role: 'client', actAs: 2, peer: 1, path: '/local/domain/1/data/vchan/2/watched' });
    ring = (await last(client, ({ state }) => state.phase === 'open')).state.ring!;
    const { consoleId, watched } = await editor.ask('xenscope/vchanWatch', { host, ring });
    watch = consoleId;
    opened.push(watch);
    assert.deepEqual([watched.server, watched.client], [1, 2]);
    const isListed = async () =>
      (await editor.ask('xenscope/ringList', { host })).find(({ id }) => id === ring)?.peerDomid === 2;
    await eventually(isListed);
  }

  for (const [where, bytes] of [
    ['in the control page', 1024],
    ['in pages of their own', 8192],
  ] as const) {
    it(`tell every byte of both directions, with rings ${where}`, async () => {
      await listen(bytes);
      const toServer = Buffer.from(Array.from({ length: 40_000 }, (_, at) => (at * 7) & 0xff));
      await Promise.all([send(client, toServer.toString('base64')), send(server, base64('to the client'))]);
      await eventually(() => passed('left').length === toServer.length && passed('right').length === 13);
      assert.ok(passed('left').equals(toServer));
      assert.equal(passed('right').toString(), 'to the client');
      const { state } = await last(watch, ({ state }) => state.sent.bytes === 40_000);
      assert.deepEqual([state.sent.unseenBytes, state.received.bytes], [0, 13]);
      assert.match(state.text, /^Listening to .*\(2\) and .*\(1\)/);
      assert.deepEqual([state.output?.name, state.output?.sizeBytes], ['left', Math.max(bytes, 1024)]);
    });
  }

  it('say who has left, and when the vchan is gone', async () => {
    await listen(4096);
    await editor.ask('xenscope/vchanEnd', { host, consoleId: client, how: 'close' });
    await last(watch, ({ state }) => /the client, has left/.test(state.text));
    await editor.ask('xenscope/vchanEnd', { host, consoleId: server, how: 'close' });
    const { state } = await last(watch, ({ state }) => state.phase === 'ended');
    assert.match(state.text, /is gone/);
  });

  it('are only watched: nothing can be sent, and what is no vchan cannot be watched', async () => {
    await listen(4096);
    await assert.rejects(send(watch, base64('x')), /only watched/);
    await assert.rejects(editor.ask('xenscope/vchanWatch', { host, ring: 'xenstore:1' }), /no ring/);
    await assert.rejects(editor.ask('xenscope/vchanWatch', { host, ring: 'vchan:1:9999' }), /no ring/);
  });
});
