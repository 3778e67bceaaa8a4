/** The reconnect of a real guest's store ring from dom0: what each daemon makes of it, and what the guest. */
import assert from 'node:assert/strict';
import { openNativeHost } from '../../../native/host';
import type { NativeHost } from '../../../native/host';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import { performReconnect, previewReconnect } from '../../../server/act/reconnect';
import type { ReconnectTarget } from '../../../server/act/reconnect';
import { whichXenstored } from '../../../server/act/xenstoredKind';
import { systemClock, systemRandom } from '../../../server/cli/systemClock';
import type { DomainLife } from '../../../server/host/domainLife';
import type { StoreClient } from '../../../server/host/storeClient';
import { openSocketHost } from '../../../server/store/client/socketHost';
import { daemon, eventually, output, storeSocket } from '../support/dom0';
import { Guest } from '../support/guest';

describe('the reconnect of a real guest', () => {
  let guest: Guest;
  let host: NativeHost;
  let store: StoreClient;

  before(async () => {
    const ports = { clock: systemClock, random: systemRandom };
    host = openNativeHost({
      store: openSocketHost({ ...ports, path: storeSocket }),
      libraries: new XenLibraries(),
    });
    store = host.openStore();
    guest = await Guest.shared();
  });
  after(async () => {
    await store.close();
    await host.close();
  });

  const target = (domid = guest.domid): ReconnectTarget => ({
    host,
    store,
    ring: { kind: 'xenstore', domid, directions: [] },
    nameDomain: (one) => `domain ${one}`,
  });
  const consent = { confirmed: true, forced: false };

  it('knows the daemon by reading alone', async () => {
    assert.equal(await whichXenstored(store), daemon === 'oxenstored' ? 'oxenstored' : 'C xenstored');
  });

  it('calls domain 0 introduced, as the guest, and nobody who is not there', async () => {
    const domids = [0, guest.domid, 31_000];
    const introduced = await Promise.all(domids.map((domid) => store.isDomainIntroduced(domid)));
    assert.deepEqual(introduced, [true, true, false]);
  });

  it('knows whether a domain runs', async () => {
    const pv = (domid: number, state: DomainLife['state']) => ({ domid, state, type: 'PV' });
    assert.deepEqual(host.lives!(), [pv(0, 'running'), pv(guest.domid, 'running')]);
    assert.equal(host.lifeOf!(guest.domid + 1000), undefined);
    await output('xl', 'pause', guest.name);
    assert.deepEqual(host.lifeOf!(guest.domid), pv(guest.domid, 'paused'));
    await output('xl', 'unpause', guest.name);
    assert.deepEqual(host.lifeOf!(guest.domid), pv(guest.domid, 'running'));
  });

  it('is never done to domain 0', async () => {
    await assert.rejects(
      performReconnect(target(0), { confirmed: true, forced: true }, () => undefined),
      { code: 'refused', message: /domain 0 is left alone/ },
    );
  });

  if (daemon === 'oxenstored') {
    it('is said to be of no help', async () => {
      const { verdict, text, force } = await previewReconnect(target());
      assert.deepEqual([verdict, force], ['refuse', undefined]);
      assert.match(text, /would not help/);
      assert.equal(await guest.type('xenstore-read name'), guest.name);
    });
    return;
  }

  it('is refused while the guest runs, and done when it stands still', async () => {
    const refused = await previewReconnect(target());
    assert.equal(refused.verdict, 'refuse');
    assert.match(refused.text, /runs, and would not be told/);
    await output('xl', 'pause', guest.name);
    const offered = await previewReconnect(target());
    assert.equal(offered.verdict, 'confirm', offered.text);
    const report = await performReconnect(target(), consent, () => undefined);
    assert.equal(report.outcome, 'done', report.text);
    await output('xl', 'unpause', guest.name);
  });

  it('leaves a guest that asks and is answered, and hears no more of what it watched', async () => {
    assert.equal(await guest.type('xenstore-read name'), guest.name);
    await guest.type('xenstore-write data/after reconnect');
    assert.equal(await output('xenstore-read', `${guest.path}/data/after`), 'reconnect\n');
    // What shuts a guest down is a watch of its kernel: it does not fire any more.
    await output('xenstore-write', `${guest.path}/control/shutdown`, 'poweroff');
    assert.equal(await guest.type('echo still here'), 'still here');
    assert.equal(await output('xenstore-read', `${guest.path}/control/shutdown`), 'poweroff\n');
    await output('xenstore-write', `${guest.path}/control/shutdown`, '');
    await eventually(() => host.lifeOf!(guest.domid)?.state === 'running');
  });
});
