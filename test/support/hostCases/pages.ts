/** What is in shared pages, and who may do what with them. */
import assert from 'node:assert/strict';
import { PAGE_BYTES } from '../../../server/host/pages';
import { throwsCode } from '../throwsCode';
import type { HostRig } from './rig';

export function pageCases(rig: HostRig): void {
  const { changesBits, hasStranger } = rig.abilities;

  describe('pages', () => {
    it('come empty, with one reference for each, none of them reserved', () => {
      const { grefs, memory } = rig.share(3);
      assert.equal(new Set(grefs).size, 3);
      assert.ok(grefs.every((gref) => gref >= 8));
      assert.equal(memory.bytes, 3 * PAGE_BYTES);
      const bytes = new Uint8Array(memory.bytes).fill(1);
      memory.copyOut(0, bytes);
      assert.ok(bytes.every((byte) => byte === 0));
    });

    it('show each side what the other wrote, words and bytes alike', () => {
      const ours = rig.share();
      const theirs = rig.map(ours.grefs);
      ours.memory.store32(2052, 0xfffffff0);
      assert.equal(theirs.memory.load32(2052), 0xfffffff0);
      assert.equal(theirs.memory.load8(2055), 0xff, 'little-endian');
      theirs.memory.copyIn(10, Buffer.from('hello'));
      const read = Buffer.alloc(5);
      ours.memory.copyOut(10, read);
      assert.equal(read.toString(), 'hello');
      if (!changesBits) return throwsCode(() => ours.memory.or8(100, 1), 'unsupported');
      theirs.memory.store8(100, 0b1100);
      assert.equal(ours.memory.and8(100, 0b0110), 0b1100, 'what was there before');
      assert.equal(theirs.memory.or8(100, 0b0001), 0b0100);
      assert.equal(ours.memory.load8(100), 0b0101);
    });

    it('can be mapped in any order, from several shares, as one memory', () => {
      const first = rig.share(2);
      const second = rig.share(1);
      first.memory.store32(PAGE_BYTES, 11);
      second.memory.store32(0, 22);
      const { memory } = rig.map([second.grefs[0]!, first.grefs[1]!]);
      assert.equal(memory.bytes, 2 * PAGE_BYTES);
      assert.equal(memory.load32(0), 22);
      assert.equal(memory.load32(PAGE_BYTES), 11);
      memory.copyIn(PAGE_BYTES - 2, Buffer.from([1, 2, 3, 4]));
      assert.equal(second.memory.load8(PAGE_BYTES - 1), 2);
      assert.equal(first.memory.load8(PAGE_BYTES + 1), 4);
      const across = Buffer.alloc(4);
      memory.copyOut(PAGE_BYTES - 2, across);
      assert.deepEqual([...across], [1, 2, 3, 4]);
    });

    it('refuse what lies outside them, and words at odd places', () => {
      const { memory, grefs } = rig.share();
      for (const { memory: each } of [{ memory }, rig.map(grefs)]) {
        for (const offset of [-1, PAGE_BYTES, 0.5, NaN]) {
          assert.throws(() => each.load8(offset), RangeError);
          assert.throws(() => each.store8(offset, 0), RangeError);
        }
        assert.throws(() => each.load32(2), RangeError);
        assert.throws(() => each.load32(PAGE_BYTES - 3), RangeError);
        assert.throws(() => each.copyOut(PAGE_BYTES - 1, new Uint8Array(2)), RangeError);
        assert.throws(() => each.copyIn(PAGE_BYTES - 1, new Uint8Array(2)), RangeError);
      }
    });
  });

  describe('permissions', () => {
    it('of a reader let nothing be written', () => {
      const ours = rig.share(1, false);
      ours.memory.store32(0, 7);
      const { memory } = rig.map(ours.grefs, 'read');
      assert.equal(memory.load32(0), 7);
      throwsCode(() => memory.store32(0, 1), 'refused');
      throwsCode(() => memory.store8(0, 1), 'refused');
      throwsCode(() => memory.and8(0, 1), 'refused');
      throwsCode(() => memory.or8(0, 1), 'refused');
      throwsCode(() => memory.copyIn(0, new Uint8Array(1)), 'refused');
      assert.equal(ours.memory.load32(0), 7);
    });

    it('refuse writing to a page that is lent for reading', () => {
      const { grefs } = rig.share(1, false);
      throwsCode(() => rig.map(grefs, 'write'), 'notOurs');
    });

    it('refuse a stranger, and a reference that never was', () => {
      const { grefs } = rig.share();
      if (hasStranger) {
        throwsCode(() => rig.stranger.grants.map(rig.ours.domid, grefs, 'read'), 'notOurs');
      }
      throwsCode(() => rig.map([grefs[0]! + 1000], 'read'), 'notOurs');
      throwsCode(() => rig.map([NaN], 'read'), 'notOurs');
    });

    it('refuse all when one reference of several is wrong, and keep none busy', () => {
      const ours = rig.share();
      throwsCode(() => rig.map([ours.grefs[0]!, 123_456], 'read'), 'notOurs');
      ours.end();
    });
  });
}
