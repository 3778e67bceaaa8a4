/** What is known of the backends of PV Calls on a real host, for whoever sends commands to one. */
import assert from 'node:assert/strict';
import { processClaimants } from '../../server/cli/processClaimants';
import { systemClock } from '../../server/cli/systemClock';
import { backendOf, ownDomidOf } from '../../server/act/pvcalls/choices';
import type { StoreClient } from '../../server/host/storeClient';
import { claimServing } from '../../server/pvcalls/servingClaim';
import { openStoreClient } from '../../server/store/client/storeClient';
import { Xenstored } from '../../server/store/xenstored';

describe('the backends of PV Calls that a real host may have', () => {
  let xenstored: Xenstored;
  let store: StoreClient;
  let kernel: string | undefined;
  const ground = { kernelBackend: () => kernel, claimants: processClaimants };
  const at = (domid: number) => backendOf(store, domid, { isReal: true, ground });

  beforeEach(async () => {
    kernel = undefined;
    xenstored = new Xenstored({ clock: systemClock });
    store = openStoreClient({ dial: xenstored.connect({ domid: 0 }), clock: systemClock });
    await store.write('/local/domain/0/domid', '0');
    await store.write('/local/domain/5/domid', '5');
  });
  afterEach(async () => {
    await store.close();
    await xenstored.close();
  });

  it('are seen in our own domain: ours while it serves, and Linux’s', async () => {
    assert.equal((await at(0)).serves, 'no');
    assert.match((await at(0)).text, /Nobody serves PV Calls there: .*Intercept a Backend/);
    const claim = await claimServing({
      store,
      clock: systemClock,
      kernel: undefined,
      claimants: processClaimants,
    });
    assert.deepEqual(await at(0), {
      domid: 0,
      serves: 'yes',
      text: 'Xenscope’s own backend of PV Calls serves there.',
    });
    await claim.release();
    assert.equal((await at(0)).serves, 'no');
    // What a backend has left behind that was killed.
    await store.write('data/xenscope-pvcalls-serve', '1 1 1');
    assert.equal((await at(0)).serves, 'no');
    kernel = 'It has the module.';
    assert.deepEqual(await at(0), {
      domid: 0,
      serves: 'yes',
      text: 'Linux’s pvcalls-back serves PV Calls there.',
    });
  });

  it('are not known in another domain, but by what stands in the xenstore', async () => {
    assert.deepEqual(
      [(await at(5)).serves, (await at(5)).text.includes('Nothing in the xenstore tells')],
      ['unknown', true],
    );
    await store.write('/local/domain/5/data/xenscope-pvcalls-serve', '77 1 1');
    assert.equal((await at(5)).serves, 'unknown');
    assert.match((await at(5)).text, /^Xenscope’s own backend has said there that it serves/);
    await store.write('/local/domain/5/backend/pvcalls/3/0/state', '2');
    assert.deepEqual(await at(5), {
      domid: 5,
      serves: 'yes',
      text: 'A backend of PV Calls serves a device there.',
    });
  });

  it('are looked for as in another one where the store does not say which domain is ours', async () => {
    await store.rm('/local/domain/0/domid');
    assert.equal(await ownDomidOf(store), undefined);
    assert.equal((await at(0)).serves, 'unknown');
  });
});
