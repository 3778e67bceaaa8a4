/** What becomes of pages and doorbells when a whole domain ends. */
import assert from 'node:assert/strict';
import { throwsCode } from '../throwsCode';
import { listen } from './rig';
import type { HostRig } from './rig';

export function domainEndCases(rig: HostRig): void {
  const { domainEnds, mapsZombies } = rig.abilities;

  for (const way of domainEnds) {
    describe(`the end of a domain that maps pages, ${way}`, () => {
      before(() => (rig.dies = 'theirs'));
      after(() => (rig.dies = undefined));

      it('ends its mappings and doorbells, with their notifications if it still can', async () => {
        const { near, far } = await rig.doorbell();
        const heard = listen(near, { unmasks: true });
        const ours = rig.share();
        ours.memory.store8(3, 1);
        const theirs = rig.theirs.grants.map(rig.ours.domid, ours.grefs, 'write', {
          onUnmap: { clearByteOffset: 3, signalPort: far.port },
        });
        await rig.host.endDomain(rig.theirs, way);
        await rig.settled();
        assert.equal(ours.memory.load8(3), way === 'orderly' ? 0 : 1);
        assert.equal(heard.events, way === 'orderly' ? 1 : 0);
        throwsCode(() => theirs.memory.load8(3), 'gone');
        near.notify();
        await rig.settled();
        assert.equal(heard.events, way === 'orderly' ? 1 : 0, 'nobody is there who would answer');
        // Nobody in it goes on.
        throwsCode(() => rig.map(ours.grefs), 'gone');
        throwsCode(() => rig.theirs.events.bindUnbound(rig.ours.domid), 'gone');
        throwsCode(() => rig.theirs.grants.share(rig.ours.domid, 1, { writable: true }), 'gone');
        ours.end();
      });
    });

    describe(`the end of a domain that shares pages, ${way}`, () => {
      before(() => (rig.dies = 'ours'));
      after(() => (rig.dies = undefined));

      it('leaves them to those who map them', async () => {
        const { near, far } = await rig.doorbell();
        const heard = listen(far, { unmasks: true });
        const [ours, unused] = [rig.share(), rig.share()];
        ours.memory.store32(0, 77);
        const theirs = rig.map(ours.grefs);
        await rig.host.endDomain(rig.ours, way);
        throwsCode(() => ours.memory.load32(0), 'gone');
        assert.equal(theirs.memory.load32(0), 77);
        throwsCode(() => rig.map(unused.grefs), 'notOurs');
        if (mapsZombies) rig.map(ours.grefs).unmap();
        else throwsCode(() => rig.map(ours.grefs), 'notOurs');
        far.notify();
        await rig.settled();
        assert.equal(heard.events, 0);
        throwsCode(() => rig.theirs.events.bindInterdomain(rig.ours.domid, near.port), 'notOurs');
        theirs.unmap();
        throwsCode(() => rig.map(ours.grefs), 'notOurs');
      });
    });
  }
}
