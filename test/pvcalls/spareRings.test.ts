/** The rings of released sockets that both ends keep for the next ones: they have to be the same at both. */
import assert from 'node:assert/strict';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { BACK, FRONT, PvCallsRig, until } from './rig';

const there = { host: '10.0.0.2', port: 80 };
const order = 1;
/** Of one socket: the page of indices and the rings. */
const pages = 1 + 2 ** order;

describe('rings of PV Calls that are kept', () => {
  it('are the same 64 at both ends, however many sockets are released at once', async () => {
    const network = new SimNetwork();
    const binding = await network.bind(there);
    binding.listen(({ stream }) => void stream.resume().end());
    const rig = new PvCallsRig({ network });
    const { frontend, backend } = rig.openPair();
    const used = () => ({
      grants: rig.machine.usageOf(FRONT).grants,
      mappedPages: rig.machine.usageOf(BACK).mappedPages,
    });
    const before = used();
    const kept = { grants: before.grants + 64 * pages, mappedPages: before.mappedPages + 64 * pages };
    const open = (count: number) =>
      Promise.all(Array.from({ length: count }, () => frontend.connect(there, { order })));
    for (let round = 0; round < 3; round++) {
      const sockets = await open(200);
      for (const socket of sockets) socket.destroy();
      await Promise.all(sockets.map(async ({ released }) => released));
      assert.deepEqual([frontend.kept, used()], [64, kept]);
    }
    const again = await open(64);
    assert.deepEqual(used(), kept, 'nothing was lent or mapped anew');
    for (const socket of again) socket.destroy();
    await Promise.all(again.map(async ({ released }) => released));
    frontend.close();
    backend.close();
    for (const { resources } of [rig.back, rig.front]) resources.release();
    assert.equal(rig.machine.pagesInUse, rig.pagesBefore);
    await until(() => network.openStreams === 0);
    rig.close();
  });
});
