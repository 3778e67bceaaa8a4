/** The vchans that domains offer, as they are found in the xenstore, and whose pages can be looked at. */
import assert from 'node:assert/strict';
import { findOffers } from '../../server/act/vchanOffers';
import { XenscopeError } from '../../server/host/errors';
import type { PagePool } from '../../server/host/pages';
import type { StoreClient } from '../../server/host/storeClient';
import { openProcessPages } from '../../server/sim/pages';
import { findVchans } from '../../server/vchan/findVchans';
import { CLIENT, Rig, SERVER } from './rig';

describe('vchans in the xenstore', () => {
  let rig: Rig;
  afterEach(() => rig.close());

  /** Counts how many requests are under way at once. */
  function counted(store: StoreClient): { store: StoreClient; most: () => number } {
    let now = 0;
    let most = 0;
    const count = <Args extends unknown[], T>(ask: (...args: Args) => Promise<T>) => {
      return async (...args: Args): Promise<T> => {
        most = Math.max(most, ++now);
        return ask(...args).finally(() => now--);
      };
    };
    const asked: Pick<StoreClient, 'directory' | 'read' | 'getPerms'> = {
      directory: count((path: string) => store.directory(path)),
      read: count((path: string) => store.read(path)),
      getPerms: count((path: string) => store.getPerms(path)),
    };
    return { store: asked as StoreClient, most: () => most };
  }

  it('are found with few requests at once, in the order of the store, and those of all domains together', async () => {
    rig = await Rig.open();
    const paths = Array.from({ length: 60 }, (_, at) => `/local/domain/${SERVER}/data/vchan/2/${100 + at}`);
    for (const [at, path] of paths.entries()) {
      await rig.dom0.write(`${path}/ring-ref`, String(at));
      await rig.dom0.write(`${path}/event-channel`, '5');
    }
    const theirs = `/local/domain/${CLIENT}/data/here`;
    await rig.dom0.write(`${theirs}/ring-ref`, '9');
    await rig.dom0.write(`${theirs}/event-channel`, '6');
    const { store, most } = counted(rig.dom0);
    const found = await findVchans(store, SERVER);
    assert.deepEqual(
      found,
      paths.map((path, gref) => ({ path, gref })),
    );
    assert.ok(most() > 4 && most() <= 16, `${most()} at once`);
    const offers = await findOffers(store, [SERVER, CLIENT, 77]);
    assert.deepEqual(
      offers.map(({ path, server }) => `${server} ${path}`),
      [...paths.map((path) => `${SERVER} ${path}`), `${CLIENT} ${theirs}`],
    );
    assert.ok(most() <= 16, `${most()} at once`);
  });

  it('whose page cannot be mapped hide no other ring, and are seen when it can', async () => {
    let isFull = false;
    const pages = openProcessPages();
    const pool: PagePool = {
      isShared: pages.isShared,
      allocate: (count) => {
        const allocated = pages.allocate(count);
        return new Proxy(allocated, {
          get: (of, name) => {
            if (name === 'readOnly' && isFull) return noRoom;
            const value = Reflect.get(of, name) as unknown;
            return typeof value === 'function' ? (value.bind(of) as unknown) : value;
          },
        });
      },
      close: () => pages.close(),
    };
    rig = await Rig.open({ machine: { pool } });
    const seen = () =>
      rig.machine
        .observer()
        .pages()
        .map(({ kind }) => kind)
        .filter((kind) => kind !== 'console');
    await rig.pair();
    assert.deepEqual(seen(), ['xenstore', 'xenstore', 'vchan']);
    await rig.serve({ path: 'data/other' });
    isFull = true;
    await rig.connect({ path: `/local/domain/${SERVER}/data/other` });
    assert.deepEqual(seen(), ['xenstore', 'xenstore', 'vchan']);
    isFull = false;
    assert.deepEqual(seen(), ['xenstore', 'xenstore', 'vchan', 'vchan']);
  });
});

function noRoom(): never {
  throw new XenscopeError('limit', 'There is no room for more mappings.');
}
