/** PV Calls devices as an editor gets them from a real server with a real world behind it. */
import assert from 'node:assert/strict';
import type { PvCallsDeviceFrame, PvCallsSocketRow } from '../../server/rpc/api';
import { openRecordedWorld } from '../../server/cli/recording';
import { hostileGuest } from '../../server/sim/guests/hostilePvCalls';
import { plainGuest } from '../sim/worldKit';
import { Editor, eventually } from './rig';

describe('PV Calls over the editor API', function () {
  this.timeout(60_000);
  let editor: Editor;
  const host = 'simulator';

  beforeEach(async () => {
    editor = await Editor.onSimulator();
    await editor.ask('xenscope/setPace', { host, pace: 1 });
  });
  afterEach(() => editor.close());

  /** What an editor makes of the frames of one panel. */
  class Panel {
    readonly sockets = new Map<string, PvCallsSocketRow>();
    frames = 0;
    #read = 0;

    constructor(readonly viewId: number) {}

    read(): this {
      const all = editor.all('xenscope/pvcallsDeviceFrame').filter(({ viewId }) => viewId === this.viewId);
      for (const { frame } of all.slice(this.#read)) if (frame) this.#take(frame);
      this.#read = all.length;
      return this;
    }

    #take({ whole, sockets, moved, gone }: PvCallsDeviceFrame): void {
      this.frames++;
      if (whole) this.sockets.clear();
      for (const row of sockets) this.sockets.set(row.key, row);
      for (const key of gone) assert.ok(this.sockets.delete(key), `${key} goes and was not there`);
      for (const { key, in: into, out } of moved) {
        const known = this.sockets.get(key);
        assert.ok(known?.in && known.out && into && out, `${key} moves and was not told`);
        this.sockets.set(key, { ...known, in: { ...known.in, ...into }, out: { ...known.out, ...out } });
      }
    }
  }

  it('are listed with both ends and what is open', async () => {
    const devices = await editor.ask('xenscope/pvcallsList', { host });
    assert.ok(devices.length >= 2, 'the demo has a shop and its customer');
    for (const { id, frontend, backend, ring } of devices) {
      assert.equal(frontend.path, id);
      assert.match(backend.path, /^\/local\/domain\/0\/backend\/pvcalls\//);
      assert.match(frontend.name, /\([0-9]+\)/);
      assert.ok(ring);
    }
    assert.ok(devices.some(({ sockets }) => sockets.listening > 0));
    await editor.ask('xenscope/pvcalls', { host, intervalMs: 100 });
    const first = await eventually(() => editor.all('xenscope/pvcallsFrame')[0]);
    assert.ok(first.whole && first.devices.length === devices.length);
    await eventually(() => editor.all('xenscope/pvcallsFrame').find(({ whole }) => !whole));
    await editor.ask('xenscope/pvcallsStop', { host });
  });

  it('are shown one by one: sockets, what passes, calls with their slots, and the rings of sockets', async () => {
    const devices = await editor.ask('xenscope/pvcallsList', { host });
    const server = devices.find(({ sockets }) => sockets.listening > 0)!;
    const { viewId } = await editor.ask('xenscope/pvcallsView', {
      host,
      device: server.id,
      intervalMs: 100,
    });
    const panel = new Panel(viewId);
    // One that was there before the look has no listener that anybody knows; its bytes may be told before its rings.
    const served = await eventually(() =>
      [...panel.read().sockets.values()].find((row) => row.in?.bytes && row.rings?.ring),
    );
    assert.equal(served.state, 'connected');
    assert.ok([...panel.sockets.values()].some(({ state }) => state === 'listening'));
    if (served.listener !== undefined) assert.equal(panel.sockets.get(served.listener)?.state, 'listening');
    // What was there before lies in old slots; from then on nothing is missed in a world.
    const call = await eventually(() =>
      editor
        .all('xenscope/pvcallsDeviceFrame')
        .flatMap(({ frame }) => frame?.calls ?? [])
        .find(({ known }) => known === 'seen'),
    );
    assert.equal(call.request?.raw.length, 128);
    assert.ok(call.answered && call.request?.fields.some(({ name }) => name === 'req_id'));
    const state = editor.all('xenscope/pvcallsDeviceFrame').at(-1)!.frame!.state;
    assert.deepEqual([state.unseen.requests, state.unseen.lookIntervalMs], [0, 0]);
    await editor.ask('xenscope/pvcallsViewStop', { viewId });
  });

  it('are told again when they come back, and said to be away while they are', async () => {
    const missing = '/local/domain/999/device/pvcalls/0';
    const { viewId } = await editor.ask('xenscope/pvcallsView', { host, device: missing, intervalMs: 100 });
    const told = await eventually(() =>
      editor.all('xenscope/pvcallsDeviceFrame').find((one) => one.viewId === viewId),
    );
    assert.equal(told.frame, undefined);
    await editor.ask('xenscope/pvcallsViewStop', { viewId });
  });

  it('are told of in Problems with what the calls show, and with what their backend found', async () => {
    await editor.close();
    const hostile = plainGuest({ name: 'hostile', pvcalls: true, guest: hostileGuest() });
    editor = new Editor({
      openWorld: ({ seed }) => openRecordedWorld({ seed, pace: 1, domains: [hostile] }),
    });
    await editor.initialize({ pace: 1 });
    await editor.ask('xenscope/connect', { host });
    await editor.ask('xenscope/deviceDoctor', { host });
    const finding = await eventually(() =>
      editor
        .all('xenscope/deviceFindings')
        .flatMap(({ findings }) => findings)
        .find(({ rule }) => rule === 'found-by-own-end'),
    );
    assert.match(finding.device, /^\/local\/domain\/[0-9]+\/device\/pvcalls\/0$/);
    assert.match(finding.text, /^found by the backend: /);
    const devices = await editor.ask('xenscope/deviceList', { host });
    const row = devices.find(({ id }) => id === finding.device)!;
    assert.ok(
      row.diagnoses.some(({ rule }) => rule === 'found-by-own-end'),
      'it stands with the device as well',
    );
  });

  it('put their data rings into the list of rings, under the name of the socket', async () => {
    await editor.ask('xenscope/rings', { host, intervalMs: 33 });
    const ring = await eventually(() =>
      editor
        .all('xenscope/ringsFrame')
        .flatMap(({ rings }) => rings)
        .find(({ device }) => device?.title.startsWith('pvcalls 0 socket')),
    );
    assert.deepEqual(
      ring.directions.map(({ name }) => name),
      ['in', 'out'],
    );
    assert.match(ring.id, /^device:[0-9]+:pvcalls\/0\/socket-[0-9]+$/);
  });
});
