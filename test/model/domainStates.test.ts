/** Domains as xenstore and hypervisor tell them together. */
import assert from 'node:assert/strict';
import type { DomainLife } from '../../server/host/domainLife';
import { DomainStates, zombieAfterMs } from '../../server/model/domainStates';
import { DomainList, livesIntervalMs } from '../../server/model/domains';
import { RootFeed } from '../../server/model/rootFeed';
import type { Domain } from '../../server/model/treeTypes';
import { Xenstored } from '../../server/store/xenstored';
import { openStoreClient } from '../../server/store/client/storeClient';
import { ManualClock } from '../sim/manualClock';

const inStore: Domain[] = [
  { domid: 0, name: 'Domain-0' },
  { domid: 3, name: 'web' },
];
const pv = (domid: number, state: DomainLife['state'] = 'running', more: Partial<DomainLife> = {}) =>
  ({ domid, state, type: 'PV', ...more }) as const;

describe('the domains of a host whose hypervisor can be asked', () => {
  let clock: ManualClock;
  let states: DomainStates;
  beforeEach(() => {
    clock = new ManualClock();
    states = new DomainStates(clock);
  });

  it('are those of both, by number, each with how it is', () => {
    assert.deepEqual(
      states.join(inStore, [pv(0), pv(3, 'paused'), pv(5, 'shutdown', { reason: 'crash', type: 'PVH' })]),
      [
        { domid: 0, name: 'Domain-0', type: 'PV' },
        { domid: 3, name: 'web', state: 'paused', type: 'PV' },
        { domid: 5, state: 'crashed', type: 'PVH', isInStore: false },
      ],
    );
  });

  it('say why they shut down, where that is known', () => {
    const told = (['poweroff', 'reboot', 'suspend', 'watchdog', 'softReset', undefined] as const).map(
      (reason) => states.join(inStore, [pv(0), pv(3, 'shutdown', { reason })])[1]!.state,
    );
    assert.deepEqual(told, [
      'powered off',
      'reboots',
      'suspended',
      'ended by its watchdog',
      'resets itself',
      'shut down',
    ]);
  });

  it('are told when only their nodes are left', () => {
    assert.deepEqual(states.join(inStore, [pv(0)])[1], {
      domid: 3,
      name: 'web',
      state: 'gone: only its nodes are left',
      isGone: true,
    });
  });

  it('are zombies when they do not get done with dying, and keep their name', () => {
    states.join(inStore, [pv(0), pv(3)]);
    const dying = [pv(0), pv(3, 'dying')];
    const without = inStore.slice(0, 1);
    const web = { domid: 3, name: 'web', type: 'PV', isInStore: false, isGone: true };
    assert.deepEqual(states.join(without, dying)[1], { ...web, state: 'is being destroyed' });
    clock.tick(zombieAfterMs - 1);
    assert.deepEqual(states.join(without, dying)[1], { ...web, state: 'is being destroyed' });
    clock.tick(1);
    assert.match(states.join(without, dying)[1]!.state!, /a zombie: somebody still holds its pages/);
    assert.equal(states.join(without, [pv(0)]).length, 1);
    // Another one of that number begins anew.
    assert.equal(states.join(without, dying)[1]!.state, 'is being destroyed');
    assert.equal(states.join(without, dying)[1]!.name, undefined);
  });

  describe('and are asked for', () => {
    let lives: readonly DomainLife[] | undefined;
    let asked: number;
    let list: DomainList;
    let told: Domain[][];
    let end: () => Promise<void>;
    beforeEach(async () => {
      const store = openStoreClient({ dial: new Xenstored({ clock }).connect({ domid: 0 }), clock });
      await store.write('/local/domain/3/name', 'web');
      told = [];
      lives = undefined;
      asked = 0;
      const options = { store, clock, feed: new RootFeed(store), lives: () => (asked++, lives) };
      list = new DomainList(options, (all) => told.push([...all]));
      end = async () => {
        list.close();
        await store.close();
      };
    });
    afterEach(() => end());

    it('once a second, for nobody tells when one is paused', async () => {
      lives = [pv(3)];
      await list.refresh();
      assert.deepEqual(told, [[{ domid: 3, name: 'web', type: 'PV' }]]);
      lives = [pv(3, 'paused')];
      clock.tick(livesIntervalMs);
      assert.equal(list.all[0]!.state, 'paused');
      clock.tick(livesIntervalMs);
      assert.equal(told.length, 2, 'only news are told');
      assert.equal(asked, 3);
      list.close();
      clock.tick(livesIntervalMs);
      assert.equal(asked, 3);
    });

    it('which counts one without nodes, unless it is dying', async () => {
      lives = [pv(3), pv(4), pv(5, 'dying')];
      await list.refresh();
      assert.deepEqual(
        list.all.map(({ domid }) => domid),
        [3, 4, 5],
      );
      assert.deepEqual(
        [3, 4, 5, 6].map((domid) => list.has(domid)),
        [true, true, false, false],
      );
    });

    it('which counts those as gone of which only nodes are left, also while they are zombies', async () => {
      lives = [pv(3)];
      await list.refresh();
      assert.equal(list.has(3), true);
      lives = [pv(3, 'dying')];
      clock.tick(livesIntervalMs);
      assert.equal(list.has(3), true, 'whoever destroys it is still removing its nodes');
      clock.tick(zombieAfterMs);
      assert.match(list.all[0]!.state!, /zombie/);
      assert.equal(list.has(3), false);
      lives = [];
      clock.tick(livesIntervalMs);
      assert.match(list.all[0]!.state!, /only its nodes/);
      assert.equal(list.has(3), false);
      lives = [pv(3)];
      clock.tick(livesIntervalMs);
      assert.equal(list.has(3), true, 'another one of that number');
    });

    it('no more where the hypervisor does not say', async () => {
      await list.refresh();
      clock.tick(10 * livesIntervalMs);
      assert.equal(asked, 1);
      assert.deepEqual(list.all, [{ domid: 3, name: 'web' }]);
    });
  });
});
