/** What is done for a program when its mapping ends, however it ends. */
import assert from 'node:assert/strict';
import { PAGE_BYTES } from '../../../server/host/pages';
import { throwsCode } from '../throwsCode';
import { listen } from './rig';
import type { HostRig } from './rig';

export function unmapNotifyCases(rig: HostRig): void {
  const { knowsUse } = rig.abilities;

  describe('unmap-notify', () => {
    async function notified() {
      const { near, far } = await rig.doorbell();
      const heard = listen(near, { unmasks: true });
      const ours = rig.share();
      ours.memory.store8(9, 1);
      const options = { onUnmap: { clearByteOffset: 9, signalPort: far.port } };
      const theirs = rig.theirs.grants.map(rig.ours.domid, ours.grefs, 'write', options);
      await rig.settled();
      assert.equal(ours.memory.load8(9), 1);
      return { heard, ours, theirs };
    }

    it('clears the byte and rings when the memory is unmapped', async () => {
      const { heard, ours, theirs } = await notified();
      theirs.unmap();
      await rig.settled();
      assert.equal(ours.memory.load8(9), 0);
      assert.equal(heard.events, 1);
    });

    it('does so when the program that maps it ends', async () => {
      const { heard, ours } = await notified();
      rig.theirs.end();
      await rig.settled();
      assert.equal(ours.memory.load8(9), 0);
      assert.equal(heard.events, 1);
      ours.end();
    });

    it('works for the one who shares as well', async () => {
      const { near, far } = await rig.doorbell();
      const heard = listen(far, { unmasks: true });
      const ours = rig.ours.grants.share(rig.theirs.domid, 1, {
        writable: true,
        onUnmap: { clearByteOffset: 4, signalPort: near.port },
      });
      ours.memory.store8(4, 1);
      const theirs = rig.map(ours.grefs, 'read');
      rig.ours.end();
      await rig.settled();
      assert.equal(theirs.memory.load8(4), 0, 'the pages live on while they are mapped');
      assert.equal(heard.events, 1);
      if (knowsUse) throwsCode(() => rig.map(ours.grefs, 'read'), 'notOurs');
    });

    it('is refused where it could not be done', () => {
      const { grefs } = rig.share();
      const asking = (clearByteOffset: number | undefined, signalPort: number | undefined) => () =>
        rig.theirs.grants.map(rig.ours.domid, grefs, 'read', {
          onUnmap: { clearByteOffset, signalPort },
        });
      throwsCode(asking(0, undefined), 'input');
      throwsCode(asking(undefined, 99), 'notOurs');
      assert.throws(asking(PAGE_BYTES, undefined), RangeError);
    });
  });
}
