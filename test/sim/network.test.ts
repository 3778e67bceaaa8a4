/** The network inside a world, at its edges. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { retOf } from '../../server/pvcalls/socketError';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { pvcallsRet } from '../../server/wire/pvcalls/errno';

describe('the network inside a world', () => {
  it('tells whoever is reset before anybody has the connection, and harms nobody else', async () => {
    const network = new SimNetwork();
    const address = { host: '10.0.0.80', port: 80 };
    (await network.bind(address)).listen((connection) => connection.reset());
    const uncaught: unknown[] = [];
    const keep = (error: unknown) => uncaught.push(error);
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', keep);
    try {
      // In a turn of its own what is told at its end comes before whoever awaits.
      await setImmediate();
      const { stream } = await network.connect(address);
      if (!stream.closed) await once(stream, 'close').catch(() => undefined);
      await setImmediate();
      assert.deepEqual([uncaught, stream.errored && retOf(stream.errored)], [[], pvcallsRet('ECONNRESET')]);
      assert.equal(network.openStreams, 0);
    } finally {
      process.off('uncaughtException', keep);
      for (const listener of before) process.on('uncaughtException', listener);
    }
  });
});
