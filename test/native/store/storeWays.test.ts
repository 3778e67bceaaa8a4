import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chooseStoreWay, findStoreWays, openNativeStore } from '../../../native/store/storeWays';
import { systemClock, systemRandom } from '../../../server/cli/systemClock';
import { type OurServer, startOurs } from '../../interop/ours';

if (process.platform === 'linux') {
  describe('the ways to the store of this machine', () => {
    let folder: string;
    let server: OurServer;
    before(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'xenscope-test-'));
      server = await startOurs();
    });
    after(async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const nowhere = () => path.join(folder, 'nowhere');
    const clock = systemClock;

    it('are looked for without opening any', async () => {
      const [socket, device, ...more] = await findStoreWays({
        socketPaths: [nowhere(), server.socketPath],
        devicePaths: [nowhere()],
      });
      assert.deepEqual(
        { socket, device, more },
        {
          socket: {
            way: 'socket',
            state: 'usable',
            path: server.socketPath,
            text: `There is the socket of a xenstored, ${server.socketPath}.`,
          },
          device: { way: 'device', state: 'absent', text: `There is no ${nowhere()}.` },
          more: [],
        },
      );
    });

    it('are no files that only bear the name', async () => {
      const file = path.join(folder, 'file');
      writeFileSync(file, '');
      const [socket, device] = await findStoreWays({ socketPaths: [file], devicePaths: [folder] });
      assert.deepEqual([socket!.state, device!.state], ['absent', 'absent']);
    });

    it('begin with the socket, and the choice is told', async () => {
      const { store, ...chosen } = await openNativeStore({
        way: 'auto',
        socketPaths: [server.socketPath],
        devicePaths: [nowhere()],
        clock,
        random: systemRandom,
      });
      assert.equal(chosen.way, 'socket');
      assert.equal(chosen.socketPath, server.socketPath);
      assert.equal(chosen.text, `The store is reached through the xenstored's socket ${server.socketPath}.`);
      assert.deepEqual(await store.directory('/'), ['tool']);
      await store.close();
    });

    it('say what is missing when there is none, or not the one that was named', async () => {
      const paths = { socketPaths: [nowhere()], devicePaths: [nowhere()], clock };
      await assert.rejects(chooseStoreWay({ ...paths, way: 'auto' }), {
        code: 'unsupported',
        message: `There is no xenstore on this machine. There is no ${nowhere()}. There is no ${nowhere()}.`,
        wayOut: 'Start a xenstored, or use the simulator.',
      });
      const device = chooseStoreWay({ ...paths, socketPaths: [server.socketPath], way: 'device' });
      await assert.rejects(device, { code: 'unsupported' });
    });
  });
}
