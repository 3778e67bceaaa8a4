/** Devices, as an editor gets them from a real server with a real world behind it. */
import assert from 'node:assert/strict';
import { Editor, eventually } from './rig';

describe('devices over the editor API', function () {
  this.timeout(60_000);
  let editor: Editor;
  const host = 'simulator';

  beforeEach(async () => (editor = await Editor.onSimulator()));
  afterEach(() => editor.close());

  /** What the editor was told of one device, the latest last. */
  const rowsOf = (id: string) =>
    editor
      .all('xenscope/devicesFrame')
      .flatMap((frame) => frame.devices)
      .filter((row) => row.id === id);

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

  it('are shown one by one, with the time from which their ages are counted', async () => {
    const devices = await editor.ask('xenscope/deviceList', { host });
    const { id } = devices.find(({ kind }) => kind === 'vif')!;
    const { viewId } = await editor.ask('xenscope/deviceView', { host, device: id });
    const frames = () => editor.all('xenscope/deviceFrame').filter((each) => each.viewId === viewId);
    // It comes again although nothing has happened: a time in a state grows.
    const later = await eventually(() => frames()[1]?.frame);
    const first = frames()[0]!.frame!;
    assert.ok(later.nowMs > first.nowMs);
    assert.equal(first.row.id, id);
    assert.deepEqual(later.row, first.row);
    assert.ok(first.published.frontend.some(({ name }) => name === 'mac'));
    await editor.ask('xenscope/deviceViewStop', { viewId });
    const gone = await editor.ask('xenscope/deviceView', { host, device: '/local/domain/99/device/vif/0' });
    await eventually(() => editor.all('xenscope/deviceFrame').find((each) => each.viewId === gone.viewId));
    const told = editor.all('xenscope/deviceFrame').find((each) => each.viewId === gone.viewId)!;
    assert.equal(told.frame, undefined);
  });

  it('grow older in the list as long as something is said of them', async () => {
    const devices = await editor.ask('xenscope/deviceList', { host });
    const { id, frontend } = devices.find(({ kind }) => kind === 'vif')!;
    await editor.ask('xenscope/devices', { host });
    // A move that no frontend makes, and back: both are connected then, and it stays said for a while.
    for (const to of ['1', '4']) {
      const value = Buffer.from(to).toString('base64');
      const act = { kind: 'write', path: `${frontend.path}/state`, value, create: false } as const;
      await editor.ask('xenscope/act', { host, act, confirmed: true });
      await eventually(() => rowsOf(id).at(-1)?.frontend.state === Number(to));
    }
    const texts = () =>
      rowsOf(id)
        .filter(({ turn }) => turn.who === 'nobody')
        .flatMap(({ diagnoses }) => diagnoses)
        .filter(({ rule }) => rule === 'illegal-move')
        .map(({ text, evidence }) => `${text} ${evidence.join(' ')}`);
    await eventually(() => new Set(texts()).size > 1);
  });

  it('are told of when something is wrong, also while nobody shows them, and when it is over', async () => {
    await editor.ask('xenscope/deviceDoctor', { host });
    const devices = await editor.ask('xenscope/deviceList', { host });
    const { id } = devices.find(({ kind }) => kind === 'vif')!;
    const told = () => editor.all('xenscope/deviceFindings').map(({ findings }) => findings);
    const setBackendId = async (domid: string) => {
      const value = Buffer.from(domid).toString('base64');
      const act = { kind: 'write', path: `${id}/backend-id`, value, create: false } as const;
      await editor.ask('xenscope/act', { host, act, confirmed: true });
    };
    const before = devices.find((each) => each.id === id)!.backend.domid;
    await setBackendId('99');
    const [finding] = await eventually(() => told().find((findings) => findings.length > 0));
    assert.deepEqual(
      [finding!.device, finding!.rule, finding!.severity, finding!.text],
      [
        id,
        'names-another',
        'error',
        `the frontend says that its backend is in domain 99, and it is in domain ${before}`,
      ],
    );
    await setBackendId(String(before));
    await eventually(() => told().at(-1)?.length === 0);
    assert.equal(editor.all('xenscope/devicesFrame').length, 0, 'nobody shows them');
    await editor.ask('xenscope/deviceDoctorStop', { host });
  });

  it('that are not there are named', async () => {
    await assert.rejects(
      editor.ask('xenscope/device', { host, device: '/local/domain/99/device/vif/0' }),
      /There is no device \/local\/domain\/99\/device\/vif\/0/,
    );
  });
});
