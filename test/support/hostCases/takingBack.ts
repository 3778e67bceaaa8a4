/** How shares and mappings end while both domains live. */
import assert from 'node:assert/strict';
import { PAGE_BYTES } from '../../../server/host/pages';
import { throwsCode } from '../throwsCode';
import type { HostRig } from './rig';

export function takingBackCases(rig: HostRig): void {
  const { knowsUse } = rig.abilities;

  describe('taking back', () => {
    it('is refused while the pages are mapped, and done afterwards', () => {
      const ours = rig.share(2);
      const theirs = rig.map([ours.grefs[1]!]);
      if (knowsUse) throwsCode(() => ours.end(), 'busy');
      ours.memory.store32(PAGE_BYTES, 5);
      assert.equal(theirs.memory.load32(0), 5, 'a refusal changes nothing');
      theirs.unmap();
      ours.end();
      throwsCode(() => rig.map(ours.grefs), 'notOurs');
    });

    it('counts every mapping of a page', () => {
      const ours = rig.share();
      const [first, second] = [rig.map(ours.grefs), rig.map(ours.grefs, 'read')];
      first.unmap();
      if (knowsUse) throwsCode(() => ours.end(), 'busy');
      assert.equal(second.memory.load32(0), 0);
      second.unmap();
      ours.end();
    });

    if (!knowsUse)
      it('leaves the pages to those who still map them, and to nobody else afterwards', async () => {
        const ours = rig.share();
        ours.memory.store32(0, 9);
        const theirs = rig.map(ours.grefs);
        ours.end();
        throwsCode(() => ours.memory.load32(0), 'gone');
        assert.equal(theirs.memory.load32(0), 9);
        theirs.unmap();
        // The kernel looks after such pages from time to time.
        while (rig.canBeMapped(ours.grefs)) await new Promise((resolve) => setTimeout(resolve, 20));
        throwsCode(() => rig.map(ours.grefs), 'notOurs');
      });

    it('can be left to the last mapping: the pages stay for whoever has them, and are given to nobody', () => {
      const ours = rig.share();
      ours.memory.store32(0, 8);
      const theirs = rig.map(ours.grefs);
      ours.endWhenUnused();
      ours.endWhenUnused();
      throwsCode(() => ours.memory.load32(0), 'gone');
      assert.equal(theirs.memory.load32(0), 8);
      if (knowsUse) throwsCode(() => rig.map(ours.grefs), 'notOurs');
      theirs.unmap();
      const unused = rig.share();
      unused.endWhenUnused();
      throwsCode(() => unused.memory.load32(0), 'gone');
    });

    it('leaves memory that says why it is dead', () => {
      const ours = rig.share();
      const theirs = rig.map(ours.grefs);
      assert.equal(theirs.memory.dead, undefined);
      theirs.unmap();
      assert.match(theirs.memory.dead!, /unmapped/);
      throwsCode(() => theirs.memory.load32(0), 'gone');
      assert.equal(ours.memory.dead, undefined);
      ours.end();
      assert.match(ours.memory.dead!, /ended/);
      throwsCode(() => ours.memory.copyOut(0, new Uint8Array(1)), 'gone');
    });

    it('is harmless the second time', () => {
      const ours = rig.share();
      const theirs = rig.map(ours.grefs);
      theirs.unmap();
      theirs.unmap();
      ours.end();
      ours.end();
      assert.equal(rig.share().memory.load32(0), 0);
    });
  });
}
