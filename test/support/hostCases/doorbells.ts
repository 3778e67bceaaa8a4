/** Event channels: what rings, when, and for whom. */
import assert from 'node:assert/strict';
import { throwsCode } from '../throwsCode';
import { listen } from './rig';
import type { HostRig } from './rig';

export function doorbellCases(rig: HostRig): void {
  const { hasStranger } = rig.abilities;

  describe('doorbells', () => {
    it('are heard at the other end only, both ways', async () => {
      const { near, far } = await rig.doorbell();
      const heard = { near: listen(near, { unmasks: true }), far: listen(far, { unmasks: true }) };
      near.notify();
      await rig.settled();
      assert.deepEqual([heard.near.events, heard.far.events], [0, 1]);
      far.notify();
      await rig.settled();
      assert.deepEqual([heard.near.events, heard.far.events], [1, 1]);
    });

    it('are one event when they ring often before anybody looks', async () => {
      const { near, far } = await rig.doorbell();
      const heard = listen(far, { unmasks: false });
      for (let ring = 0; ring < 5; ring++) near.notify();
      await rig.settled();
      assert.equal(heard.events, 1);
    });

    it('ring once more after unmask if anybody rang meanwhile', async () => {
      const { near, far } = await rig.doorbell();
      const heard = listen(far, { unmasks: false });
      near.notify();
      await rig.settled();
      for (let ring = 0; ring < 5; ring++) near.notify();
      await rig.settled();
      assert.equal(heard.events, 1, 'masked since it was told');
      far.unmask();
      await rig.settled();
      assert.equal(heard.events, 2);
      far.unmask();
      await rig.settled();
      assert.equal(heard.events, 2, 'nobody rang any more');
    });

    it('wait for a listener', async () => {
      const { near, far } = await rig.doorbell();
      far.onEvent = undefined;
      near.notify();
      await rig.settled();
      const heard = listen(far, { unmasks: true });
      await rig.settled();
      assert.equal(heard.events, 1);
    });

    it('lose nothing between looking and unmasking', async () => {
      const { near, far } = await rig.doorbell();
      let work = 0;
      let seen = 0;
      far.onEvent = () => {
        seen = work;
        far.unmask();
      };
      for (let round = 0; round < 200; round++) {
        work++;
        near.notify();
        if (round % 3 === 0) await Promise.resolve();
      }
      await rig.settled();
      assert.equal(seen, work);
    });

    it('are for the domain that they were opened for', () => {
      const near = rig.ours.events.bindUnbound(rig.theirs.domid);
      if (hasStranger) {
        throwsCode(() => rig.stranger.events.bindInterdomain(rig.ours.domid, near.port), 'notOurs');
      }
      throwsCode(() => rig.theirs.events.bindInterdomain(rig.ours.domid, near.port + 50), 'notOurs');
      rig.theirs.events.bindInterdomain(rig.ours.domid, near.port);
      throwsCode(() => rig.theirs.events.bindInterdomain(rig.ours.domid, near.port), 'notOurs');
    });

    it('do nothing when nobody is at the other end, or no longer', async () => {
      const lonely = rig.ours.events.bindUnbound(rig.theirs.domid);
      lonely.notify();
      const { near, far } = await rig.doorbell();
      const heard = listen(near, { unmasks: true });
      far.close();
      far.close();
      near.notify();
      far.notify();
      far.unmask();
      await rig.settled();
      assert.equal(heard.events, 0);
    });

    it('can be bound again after the other end was closed', async () => {
      const { near, far } = await rig.doorbell();
      far.close();
      const again = rig.theirs.events.bindInterdomain(rig.ours.domid, near.port);
      const heard = listen(again, { unmasks: true });
      await rig.settled();
      const before = heard.events;
      near.notify();
      await rig.settled();
      assert.equal(heard.events, before + 1);
    });

    it('tell a newcomer once, because it may have missed a ring', async () => {
      const near = rig.ours.events.bindUnbound(rig.theirs.domid);
      near.notify();
      const far = rig.theirs.events.bindInterdomain(rig.ours.domid, near.port);
      const heard = listen(far, { unmasks: true });
      await rig.settled();
      assert.equal(heard.events, 1);
    });
  });
}
