/** Rings and the world, as an editor gets them from a real server with a real world behind it. */
import assert from 'node:assert/strict';
import type { ApiErrorData, RingRow } from '../../server/rpc/api';
import { fewDomains } from '../sim/worldKit';
import { Editor, eventually } from './rig';

describe('rings over the editor API', function () {
  this.timeout(60_000);
  let editor: Editor;
  const host = 'simulator';

  beforeEach(async () => (editor = await Editor.onSimulator({ domains: fewDomains })));
  afterEach(() => editor.close());

  async function guest(): Promise<RingRow> {
    const rings = await editor.ask('xenscope/ringList', { host });
    return rings.find(({ kind, domid }) => kind === 'xenstore' && domid > 0)!;
  }

  const verdict = (ring: string) => {
    const told = editor.all('xenscope/ringsFrame').flatMap(({ rings, changes }) => [...rings, ...changes]);
    return told.filter(({ id, verdict }) => id === ring && verdict).at(-1)?.verdict;
  };

  async function errorOf(asked: Promise<unknown>): Promise<ApiErrorData & { message: string }> {
    const error = await asked.then(
      () => assert.fail('it was done'),
      (reason: { message: string; data: ApiErrorData }) => reason,
    );
    return { ...error.data, message: error.message };
  }

  it('come whole at first, then only what changed, and end when nobody looks', async () => {
    await editor.ask('xenscope/rings', { host, intervalMs: 33 });
    const first = await eventually(() => editor.all('xenscope/ringsFrame')[0]);
    assert.ok(first.whole);
    assert.ok(first.rings.some(({ kind }) => kind === 'console'));
    assert.ok(first.rings.some(({ kind }) => kind === 'device'));
    for (const { kind, directions, slots, device } of first.rings) {
      assert.equal(directions.length, slots ? 0 : 2);
      assert.equal(device !== undefined, kind === 'device');
    }
    // Somebody writes through a guest's ring: the world's own reconnect moves its indices.
    const { id } = await guest();
    await editor.ask('xenscope/reconnect', { host, ring: id, serial: 1, confirmed: true });
    const change = await eventually(() => editor.all('xenscope/ringsFrame').find(({ whole }) => !whole));
    assert.ok(change.changes.length < first.rings.length);
    const known = new Set(first.rings.map(({ id }) => id));
    const again = change.rings.filter(({ id }) => known.has(id));
    assert.deepEqual(again, [], 'no ring is told of twice as a whole');
    await editor.ask('xenscope/ringsStop', { host });
  });

  it('show one ring with its page, its words and its last minutes', async () => {
    const { id } = await guest();
    const { viewId, strip } = await editor.ask('xenscope/ring', { host, ring: id, intervalMs: 33 });
    assert.equal(strip.directions.length, 2);
    const { frame } = await eventually(() =>
      editor.all('xenscope/ringFrame').find((one) => one.viewId === viewId),
    );
    assert.equal(frame.row.id, id);
    assert.ok(Buffer.from(frame.page!, 'base64').length >= 2080);
    assert.ok(frame.words.some(({ name }) => name === 'server_features'));
    assert.equal(frame.details.length, 2);
    const again = await eventually(() => editor.all('xenscope/ringFrame')[1]);
    assert.equal(again.frame.page, undefined, 'a page that did not change is not sent again');
    await editor.ask('xenscope/ringStop', { viewId });
  });

  it('that are not there are named', async () => {
    const { message } = await errorOf(
      editor.ask('xenscope/ring', { host, ring: 'xenstore:999', intervalMs: 33 }),
    );
    assert.match(message, /no ring "xenstore:999"/);
  });

  it('are connected anew after a question, step by step', async () => {
    const { id } = await guest();
    const preview = await editor.ask('xenscope/reconnectPreview', { host, ring: id });
    assert.equal(preview.verdict, 'confirm');
    assert.ok(preview.lost.some((line) => /watch/.test(line)));
    const unasked = await errorOf(
      editor.ask('xenscope/reconnect', { host, ring: id, serial: 1, confirmed: false }),
    );
    assert.equal(unasked.code, 'refused');
    const result = await editor.ask('xenscope/reconnect', { host, ring: id, serial: 2, confirmed: true });
    assert.equal(result.outcome, 'done');
    assert.deepEqual(
      result.steps.filter(({ text }) => text.startsWith('connection')).map(({ side }) => side),
      ['guest', 'xenstored'],
    );
    const told = editor.all('xenscope/reconnectStep').filter(({ serial }) => serial === 2);
    assert.deepEqual(
      told.map(({ step }) => step.text),
      result.steps.map(({ text }) => text),
    );
  });

  it('say nothing of what waits while a reconnect is stuck', async () => {
    const { id, domid } = await guest();
    const lostNotify = (probability: number) =>
      editor.ask('xenscope/setFault', { host, name: 'lostNotify', probability, domid });
    const directions = async () =>
      (await editor.ask('xenscope/ringList', { host })).find((ring) => ring.id === id)!.directions;
    await lostNotify(1);
    const stuck = editor.ask('xenscope/reconnect', { host, ring: id, serial: 1, confirmed: true });
    await editor.ask('xenscope/rings', { host, intervalMs: 33 });
    await eventually(() => verdict(id)?.rule === 'reconnecting');
    assert.deepEqual(
      (await directions()).map(({ unknown, usedBytes }) => [unknown, usedBytes]),
      [
        [true, 0],
        [true, 0],
      ],
    );
    const { lost } = await editor.ask('xenscope/reconnectPreview', { host, ring: id });
    assert.deepEqual(
      lost.filter((line) => /in flight: how many nobody can tell while a reconnect/.test(line)).length,
      2,
    );
    await lostNotify(0);
    const again = await editor.ask('xenscope/reconnect', { host, ring: id, serial: 2, confirmed: true });
    assert.equal(again.outcome, 'done');
    await stuck;
    await eventually(() => verdict(id)?.severity === 'fine');
    assert.ok((await directions()).every(({ unknown }) => !unknown));
  });

  it('of a console are not offered a reconnect, with the reason', async () => {
    const rings = await editor.ask('xenscope/ringList', { host });
    const ring = rings.find(({ kind }) => kind === 'console')!.id;
    const preview = await editor.ask('xenscope/reconnectPreview', { host, ring });
    assert.equal(preview.verdict, 'refuse');
    assert.deepEqual(preview.lost, []);
    const refused = await errorOf(
      editor.ask('xenscope/reconnect', { host, ring, serial: 1, confirmed: true }),
    );
    assert.equal(refused.code, 'refused');
  });

  it('that break are told as findings, and a reconnect mends them', async () => {
    const { id, domid } = await guest();
    await editor.ask('xenscope/rings', { host, intervalMs: 33 });
    await editor.ask('xenscope/setFault', { host, name: 'corruptIndex', probability: 1, domid });
    await editor.ask('xenscope/setPace', { host, pace: 20 });
    const finding = await eventually(() =>
      editor
        .all('xenscope/findings')
        .flatMap(({ findings }) => findings)
        .find(({ ring, rule }) => ring === id && rule === 'index-insane'),
    );
    assert.equal(finding.severity, 'error');
    assert.equal(finding.domid, domid);
    await eventually(() => verdict(id)?.severity === 'error');
    await editor.ask('xenscope/setFault', { host, name: 'corruptIndex', probability: 0, domid });
    const { outcome } = await editor.ask('xenscope/reconnect', {
      host,
      ring: id,
      serial: 1,
      confirmed: true,
    });
    assert.equal(outcome, 'done');
    await eventually(() => verdict(id)?.severity === 'fine');
    await eventually(() =>
      editor
        .all('xenscope/findings')
        .at(-1)
        ?.findings.every(({ ring }) => ring !== id),
    );
  });

  it('stand still while the world is held, and go on one thing at a time', async () => {
    await editor.ask('xenscope/setPace', { host, pace: 20 });
    const going = await errorOf(editor.ask('xenscope/step', { host }));
    assert.match(going.message, /only a held one/);
    await editor.ask('xenscope/hold', { host });
    assert.ok((await eventually(() => editor.all('xenscope/worldChanged').at(-1))).world.held);
    assert.match(await editor.ask('xenscope/step', { host }), /^#\d+ /);
    await editor.ask('xenscope/resume', { host });
    assert.ok(!(await editor.ask('xenscope/world', { host })).held);
  });

  it('of a guest that is paused or destroyed follow its life', async () => {
    const { domid } = await guest();
    await editor.ask('xenscope/domainAct', { host, act: 'pause', who: domid });
    const paused = await eventually(() =>
      editor
        .all('xenscope/worldChanged')
        .at(-1)
        ?.world.domains.find((domain) => domain.domid === domid && domain.state === 'paused'),
    );
    assert.ok(paused.can.includes('unpause'));
    const wrong = await errorOf(editor.ask('xenscope/domainAct', { host, act: 'pause', who: 0 }));
    assert.equal(wrong.code, 'refused');
    const none = await errorOf(editor.ask('xenscope/domainAct', { host, act: 'explode', who: domid }));
    assert.equal(none.code, 'input');
  });

  it('can be broken only by odds between never and always', async () => {
    const asked = editor.ask('xenscope/setFault', { host, name: 'lostNotify', probability: 2 });
    assert.match((await errorOf(asked)).message, /probability must be a number from 0 to 1/);
    const nothing = editor.ask('xenscope/setFault', { host, name: 'nothing', probability: 1 });
    assert.equal((await errorOf(nothing)).code, 'input');
  });
});

describe('a host behind a socket', function () {
  this.timeout(30_000);
  let editor: Editor;
  let host: string;

  beforeEach(async () => {
    editor = new Editor({ domains: fewDomains });
    const path = editor.path('world');
    await editor.initialize({ sockets: [path] });
    await editor.ask('xenscope/connect', { host: 'simulator' });
    const hosts = await editor.ask('xenscope/hosts', null);
    host = hosts.find(({ socketPath, kind }) => kind === 'socket' && socketPath === path)!.id;
    await editor.ask('xenscope/connect', { host });
  });
  afterEach(() => editor.close());

  it('shows no rings, and says so', async () => {
    await editor.ask('xenscope/rings', { host, intervalMs: 100 });
    const frame = await eventually(() => editor.all('xenscope/ringsFrame').find((one) => one.host === host));
    assert.deepEqual([frame.whole, frame.rings], [true, []]);
    assert.deepEqual(await editor.ask('xenscope/ringList', { host }), []);
  });

  it('connects a guest anew only when a person insists, for the guest is not told', async () => {
    const asked = { host, ring: 'xenstore:2' };
    const preview = await editor.ask('xenscope/reconnectPreview', asked);
    assert.deepEqual([preview.verdict, preview.method], ['refuse', 'INTRODUCE again']);
    assert.match(preview.text, /^web \(2\) may be running/);
    assert.ok(preview.force);
    const consent = { serial: 1, confirmed: true };
    await assert.rejects(editor.ask('xenscope/reconnect', { ...asked, ...consent }), /may be running/);
    const report = await editor.ask('xenscope/reconnect', { ...asked, ...consent, forced: true });
    assert.equal(report.outcome, 'done', report.text);
    const domain0 = { ...asked, ring: 'xenstore:0', ...consent, forced: true };
    await assert.rejects(editor.ask('xenscope/reconnect', domain0), /domain 0 is left alone/);
  });

  it('cannot be held or broken', async () => {
    for (const asked of [
      editor.ask('xenscope/hold', { host }),
      editor.ask('xenscope/setFault', { host, name: 'lostNotify', probability: 1 }),
      editor.ask('xenscope/domainAct', { host, act: 'crash', who: 2 }),
    ])
      await assert.rejects(asked, /real host/);
  });
});
