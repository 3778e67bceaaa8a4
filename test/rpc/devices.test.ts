/** Devices, as an editor gets them from a real server with a real world behind it. */
import assert from 'node:assert/strict';
import { Editor, eventually } from './rig';

describe('devices over the editor API', function () {
  this.timeout(60_000);
  let editor: Editor;
  const host = 'simulator';

  beforeEach(async () => {
    editor = new Editor();
    await editor.initialize();
    await editor.ask('xenscope/connect', { host });
  });
  afterEach(() => editor.close());

  it('are all there, connected, and judged', async () => {
    const devices = await editor.ask('xenscope/deviceList', { host });
    const kinds = new Set(devices.map(({ kind }) => kind));
    for (const kind of ['vif', 'vbd', 'vkbd']) assert.ok(kinds.has(kind), kind);
    assert.ok(!kinds.has('console'), 'the first console has no dance');
    const troubled = devices.filter(({ diagnoses }) => diagnoses[0]!.severity !== 'fine');
    assert.deepEqual(
      troubled.map(({ kind, diagnoses }) => [kind, diagnoses[0]!.severity]),
      [['vkbd', 'note']],
      'Windows has no driver for the keyboard',
    );
    for (const { frontend, backend } of devices) {
      assert.ok(frontend.exists && backend.exists);
      assert.match(backend.path, new RegExp(`^/local/domain/${backend.domid}/backend/`));
    }
  });

  it('come whole at first, then only those that changed, and end when nobody looks', async () => {
    await editor.ask('xenscope/devices', { host });
    const first = await eventually(() => editor.all('xenscope/devicesFrame')[0]);
    assert.ok(first.whole && first.devices.length > 10);
    const disk = first.devices.find(({ kind }) => kind === 'vbd')!;
    const state = Buffer.from('5').toString('base64');
    const act = { kind: 'write', path: `${disk.backend.path}/state`, value: state, create: false } as const;
    await editor.ask('xenscope/act', { host, act, confirmed: true });
    // The drivers take their time, and a world at pace 0 has none.
    await editor.ask('xenscope/setPace', { host, pace: 5 });
    const closed = await eventually(() =>
      editor
        .all('xenscope/devicesFrame')
        .filter(({ whole }) => !whole)
        .flatMap(({ devices }) => devices)
        .find(({ id, frontend, backend }) => id === disk.id && frontend.state === 6 && backend.state === 6),
    );
    assert.equal(closed.turn.who, 'nobody');
    const { history, row, published } = await editor.ask('xenscope/device', { host, device: disk.id });
    assert.equal(row.id, disk.id);
    assert.ok(published.frontend.some(({ name }) => name === 'ring-ref'));
    assert.ok(history.some(({ side, to }) => side === 'frontend' && to === 6));
    await editor.ask('xenscope/devicesStop', { host });
  });

  it('that are not there are named', async () => {
    await assert.rejects(
      editor.ask('xenscope/device', { host, device: '/local/domain/99/device/vif/0' }),
      /There is no device \/local\/domain\/99\/device\/vif\/0/,
    );
  });
});
