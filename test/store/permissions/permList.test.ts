import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FULL_ACCESS, parsePermList, type Subject } from '../../../server/store/permissions/permList';

const everybody = (): boolean => true;
const guest = (domid: number, targetDomid?: number): Subject => ({ domid, targetDomid, privileged: false });
const READ = 1;
const WRITE = 2;

describe('permList', () => {
  it('gives the owner and the privileged everything, the listed what is written, the others the default', () => {
    const list = parsePermList(['w1', 'r2', 'n3', 'b3'], everybody)!;
    const access = [1, 2, 3, 4].map((domid) => list.accessOf(guest(domid)));
    assert.deepEqual(access, [FULL_ACCESS, READ, 0, WRITE]);
    assert.equal(list.accessOf({ domid: 9, targetDomid: undefined, privileged: true }), FULL_ACCESS);
    assert.equal(list.text, 'w1\0r2\0n3\0b3\0');
  });

  it('lends the rights of the target', () => {
    const list = parsePermList(['n1', 'r2'], everybody)!;
    assert.equal(list.accessOf(guest(7, 1)), FULL_ACCESS);
    assert.equal(list.accessOf(guest(7, 2)), READ);
    assert.equal(list.accessOf(guest(7)), 0);
  });

  it('lists a domain that does not exist and gives it nothing', () => {
    const list = parsePermList(['n0', 'b5'], (domid) => domid !== 5)!;
    assert.equal(list.text, 'n0\0b5\0');
    assert.equal(list.accessOf(guest(5)), 0);
    assert.notEqual(list, parsePermList(['n0', 'b5'], everybody));
  });

  it('does not take a negative number for nobody', () => {
    assert.equal(parsePermList(['n0', 'r-1'], everybody)!.accessOf(guest(3)), 0);
    assert.equal(parsePermList(['n-1'], everybody)!.accessOf(guest(3)), 0);
  });

  it('keeps no long list for others: a table of those would weigh more than the store may', () => {
    const long = Array.from({ length: 9 }, (_, domid) => `r${domid}`);
    assert.notEqual(parsePermList(long, everybody), parsePermList(long, everybody));
  });

  it('shares equal lists and derives others', () => {
    const list = parsePermList(['n1', 'r2'], everybody)!;
    assert.equal(parsePermList(['n1', 'r2'], everybody), list);
    assert.equal(list.ownedBy(1), list);
    assert.equal(list.ownedBy(4).text, 'n4\0r2\0');
    assert.equal(list.without(2).text, 'n1\0');
    assert.equal(list.without(1), list);
  });

  it('refuses malformed entries and no entries, and never throws', () => {
    for (const texts of [[], ['x0'], ['r'], ['r0', ''], ['r1x']])
      assert.equal(parsePermList(texts, everybody), undefined);
    fc.assert(fc.property(fc.array(fc.string()), (texts) => void parsePermList(texts, everybody)));
  });
});
