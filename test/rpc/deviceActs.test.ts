/** Acts on devices of a simulated world, as an editor asks for them: preview, act, and the way back. */
import assert from 'node:assert/strict';
import type { DeviceAct, DeviceRow } from '../../server/rpc/api';
import { fewDomains } from '../sim/worldKit';
import { Editor, eventually } from './rig';

describe('acts on devices over the editor API', function () {
  this.timeout(60_000);
  let editor: Editor;
  const host = 'simulator';

  beforeEach(async () => (editor = await Editor.onSimulator({ domains: fewDomains })));
  afterEach(() => editor.close());

  const devices = () => editor.ask('xenscope/deviceList', { host });
  const connected = async (kind: string) =>
    (await devices()).find(
      (row) => row.kind === kind && row.frontend.state === 4 && row.backend.state === 4,
    )!;
  const find = async ({ id }: DeviceRow) => (await devices()).find((row) => row.id === id);
  const edit = ({ id }: DeviceRow, act: DeviceAct) => ({ kind: 'device', path: id, act }) as const;

  for (const kind of ['vif', 'vbd']) {
    it(`connect a ${kind} anew, with real drivers and rings`, async () => {
      const device = await connected(kind);
      const act = edit(device, { kind: 'reconnect' });
      const { verdict, changes } = await editor.ask('xenscope/preview', { host, act });
      assert.equal(verdict, 'confirm');
      assert.deepEqual(changes, [{ path: `${device.backend.path}/state`, from: '4', to: '5' }]);
      // The drivers take their time, and a world at pace 0 has none.
      await editor.ask('xenscope/setPace', { host, pace: 20 });
      const { text } = await editor.ask('xenscope/act', {
        host,
        act: { ...act, expected: changes },
        confirmed: true,
      });
      assert.match(text, /is connected anew\.$/);
      const { history } = await editor.ask('xenscope/device', { host, device: device.id });
      const to = (side: string) => history.filter((step) => step.side === side).map((step) => step.to);
      assert.ok(to('frontend').includes(6) && to('frontend').at(-1) === 4, to('frontend').join());
      assert.ok(to('backend').at(-1) === 4, to('backend').join());
      assert.deepEqual(
        history.filter(({ isIllegal }) => isIllegal),
        [],
      );
    });
  }

  it('wait while the world is held, and go on with it', async () => {
    const device = await connected('vif');
    await editor.ask('xenscope/setPace', { host, pace: 20 });
    await editor.ask('xenscope/hold', { host });
    const act = edit(device, { kind: 'reconnect' });
    const done = editor.ask('xenscope/act', { host, act, confirmed: true });
    await eventually(async () => (await find(device))?.backend.state === 5);
    await editor.ask('xenscope/resume', { host });
    assert.match((await done).text, /is connected anew/);
  });

  it('are taken back while nobody has moved', async () => {
    const device = await connected('vbd');
    const act = edit(device, { kind: 'offline' });
    const { undoId } = await editor.ask('xenscope/act', { host, act, confirmed: true });
    await editor.ask('xenscope/undo', { host, undoId: undoId! });
    const back = await find(device);
    assert.deepEqual([back?.online, back?.backend.state], [true, 4]);
  });

  it('are refused in one sentence, and malformed ones too', async () => {
    const device = await connected('vif');
    const ask = (act: unknown) =>
      editor.ask('xenscope/preview', { host, act: { kind: 'device', path: device.id, act } as never });
    const { verdict, text } = await ask({ kind: 'cleanUp' });
    assert.deepEqual([verdict, text], ['refuse', 'vif 0 is in use, or may be: nothing of it is left over.']);
    await assert.rejects(ask({ kind: 'explode' }), /must be one of reconnect, offline/);
    await assert.rejects(ask({ kind: 'move', side: 'both', to: 4 }), /side must be one of frontend, backend/);
    await assert.rejects(ask(null), /act is wrong/);
  });
});
