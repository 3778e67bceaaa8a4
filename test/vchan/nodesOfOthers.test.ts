/** What a server of a vchan leaves alone when it goes, or never came to be: whatever is not its own. */
import assert from 'node:assert/strict';
import type { StoreClient } from '../../server/host/storeClient';
import { serveVchan } from '../../server/vchan/serve';
import { CLIENT, Rig, SERVER, isCode, paths } from './rig';

describe('a server of a vchan removes nothing of others', () => {
  let rig: Rig;
  beforeEach(async () => (rig = await Rig.open()));
  afterEach(() => rig.close());

  const home = `/local/domain/${SERVER}`;

  it('where its folder has nodes that it did not make, before or since', async () => {
    await rig.server.store.write('data/before', '1');
    const before = await rig.holdings();
    const server = await rig.serve({ path: `${home}/data` });
    await rig.server.store.write('data/since/deep', '2');
    await server.close();
    assert.deepEqual((await rig.dom0.directory(`${home}/data`)).sort(), ['before', 'since']);
    await rig.server.store.rm('data/since');
    assert.deepEqual(await rig.holdings(), before);
  });

  it('where somebody has put something into a folder that came with it', async () => {
    const server = await rig.serve();
    await rig.server.store.write(`${paths.server}/theirs`, '1');
    await rig.server.store.write('data/vchan', 'a value');
    await server.close();
    assert.deepEqual(await rig.dom0.directory(paths.client), ['theirs']);
    const again = await rig.serve();
    await rig.server.store.rm(`${paths.server}/theirs`);
    await again.close();
    assert.deepEqual(await rig.dom0.directory(`${home}/data`), ['vchan'], 'it has a value');
  });

  for (const stays of ['untilClosed', 'untilConnected'] as const) {
    it(`where a successor has taken its place, nodes that stay ${stays}`, async () => {
      const first = await rig.serve({ nodesStay: stays });
      const connected = await rig.connect();
      await first.connected();
      const successor = await rig.serve();
      await first.close();
      await connected.close();
      const client = await rig.connect();
      assert.equal(client.gref, successor.gref);
      await client.close();
      await successor.close();
    });
  }

  it('where another domain has written the same numbers', async () => {
    const server = await rig.serve();
    for (const name of ['ring-ref', 'event-channel']) {
      await rig.dom0.setPerms(`${paths.client}/${name}`, [
        { domid: CLIENT, read: false, write: false },
        { domid: SERVER, read: true, write: true },
      ]);
    }
    await server.close();
    assert.equal((await rig.dom0.directory(paths.client)).length, 2);
  });

  it('where it may not even look any longer', async () => {
    const server = await rig.serve();
    for (const name of ['', '/ring-ref', '/event-channel']) {
      await rig.dom0.setPerms(paths.client + name, [{ domid: 0, read: false, write: false }]);
    }
    await server.close();
    assert.equal((await rig.dom0.directory(paths.client)).length, 2);
  });

  it('where it failed before anything was written, or was not wanted any longer', async () => {
    await rig.server.store.write(`${paths.server}/theirs`, '1');
    const other = await rig.serve();
    const before = await rig.holdings();
    await assert.rejects(
      rig.serve({ mustBeFree: true }),
      isCode('refused', /offered at .* already: its ring-ref is \d+/),
    );
    assert.deepEqual(await rig.holdings(), before);
    const { store } = rig.server;
    const why = new AbortController();
    const read: StoreClient['read'] = async (path, options) => {
      const value = await store.read(path, options);
      why.abort();
      return value;
    };
    const transaction: StoreClient['transaction'] = (body, options) => store.transaction(body, options);
    const ports = { ...rig.server, store: { read, transaction } as StoreClient };
    const asked = { clientDomid: CLIENT, path: paths.server, signal: why.signal };
    await assert.rejects(serveVchan(ports, asked), isCode('cancelled'));
    assert.deepEqual(await rig.holdings(), before);
    await other.close();
    assert.deepEqual(await rig.dom0.directory(paths.client), ['theirs']);
  });

  it('where it would lie among nodes of others', async () => {
    await rig.server.store.write('data/theirs', '1');
    const before = await rig.holdings();
    const serving = rig.serve({ path: 'data', mustBeFree: true });
    await assert.rejects(serving, isCode('refused', /1\/data holds something else already: theirs\.$/));
    assert.deepEqual(await rig.holdings(), before);
  });

  it('but one of its own that it is told to replace, and the folder of that', async () => {
    const before = await rig.holdings();
    const numbers = async () => String(await rig.dom0.read(`${paths.client}/ring-ref`));
    const dead = await rig.serve();
    const replaces = await numbers();
    const other = rig.serve({ mustBeFree: true, replaces: '99' });
    await assert.rejects(other, isCode('refused', /offered at .* already/));
    const successor = await rig.serve({ mustBeFree: true, replaces });
    assert.notEqual(await numbers(), replaces);
    await dead.close();
    const client = await rig.connect();
    assert.equal(client.gref, successor.gref);
    await client.close();
    await successor.close();
    assert.deepEqual(await rig.holdings(), before);
    const free = await rig.serve({ mustBeFree: true, replaces });
    await free.close();
    assert.deepEqual(await rig.holdings(), before);
  });

  it('where two want the same place at once: one gets it, and the other is told', async () => {
    const before = await rig.holdings();
    const both = await Promise.allSettled([0, 1].map(() => rig.serve({ mustBeFree: true })));
    const [won] = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const lost = both.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    assert.ok(won && lost.length === 1 && isCode('refused')(lost[0]));
    const client = await rig.connect();
    assert.equal(client.gref, won.gref);
    await client.close();
    await won.close();
    assert.deepEqual(await rig.holdings(), before);
  });
});
