/** The end of other domains as the store tells it, where the hypervisor tells us nothing. */
import assert from 'node:assert/strict';
import { DomainLives } from '../../native/domainLife';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { NativePeerEnds } from '../../native/peerEnds';
import { XenControl } from '../../native/xenControl';
import { demoDomains } from '../../server/sim/demo';
import { ManualClock } from '../sim/manualClock';
import { closeWorlds, openWorld } from '../sim/worldKit';

class WithoutXenctrl extends XenLibraries {
  override state(key: Parameters<XenLibraries['state']>[0]) {
    return key === 'xenctrl' ? ({ kind: 'missing', tried: [] } as const) : super.state(key);
  }
}

describe('the end of a peer, where only the store tells it', () => {
  afterEach(() => closeWorlds());

  /** What is heard of a domain when it is destroyed, and of another one that stays. */
  async function heardOf(libxenstoreIsRefused: boolean): Promise<string[]> {
    const world = await openWorld({ domains: demoDomains });
    const [victim, other] = world.world
      .domains()
      .filter(({ domid, can }) => domid !== undefined && can.includes('destroy'))
      .map(({ domid }) => domid!) as [number, number];
    const store = world.openStore();
    const told: string[] = [];
    let asked = 0;
    const real = store.isDomainIntroduced.bind(store);
    store.isDomainIntroduced = async (domid) => {
      const isIntroduced = await real(domid);
      asked++;
      // As libxenstore answers in a domain that may not ask: it cannot tell EACCES from no.
      return isIntroduced && !libxenstoreIsRefused;
    };
    const control = new XenControl(new WithoutXenctrl({ env: {} }));
    const lives = new DomainLives(control);
    const ends = new NativePeerEnds({ control, lives, store, clock: new ManualClock() });
    ends.follow({ domid: victim }, (end) => told.push(`victim ${end}`));
    ends.follow({ domid: other }, (end) => told.push(`other ${end}`));
    await world.settled();
    world.world.act('destroy', victim);
    // Twice for who is not introduced: domain 0 is asked for as well.
    const enough = libxenstoreIsRefused ? 4 : 3;
    while (asked < enough) {
      // Devices of a domain that is destroyed take their time to close.
      await world.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await world.settled();
    ends.close();
    await store.close();
    return [...new Set(told)];
  }

  it('is heard where the store may be asked, and of that domain alone', async () => {
    assert.deepEqual(await heardOf(false), ['victim domainEnded']);
  });

  it('is not made up where the store says no to everything', async () => {
    assert.deepEqual(await heardOf(true), []);
  });

  it('is refused for what can be no domain, and for what can be no port, when it is asked for', async () => {
    const world = await openWorld({ domains: demoDomains });
    const store = world.openStore();
    const control = new XenControl(new WithoutXenctrl({ env: {} }));
    const lives = new DomainLives(control);
    const ends = new NativePeerEnds({ control, lives, store, clock: new ManualClock() });
    const follow = (domid: unknown, port?: unknown) =>
      ends.follow({ domid, port } as never, () => assert.fail('nothing has ended'));
    for (const domid of [-1, 0x7ff0, 0.5, NaN, '1', null, undefined]) {
      assert.throws(() => follow(domid), { code: 'notOurs', message: /^There is no domain .* to follow\.$/ });
    }
    for (const port of [-1, 0, 2 ** 31, 2 ** 32, 0.5, NaN, '1', null, {}]) {
      const message = /^There is no event channel .* to follow\.$/;
      assert.throws(() => follow(1, port), { code: 'notOurs', message });
    }
    follow(1, 7)();
    ends.close();
    await store.close();
  });
});
