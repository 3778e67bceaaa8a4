import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addable,
  chmodLine,
  domainLabel,
  draftOf,
  maxDomid,
  permsOf,
  permWords,
  samePerms,
} from '../../webview/permissions/draft';
import { formatXsPerm } from '../../server/wire/xsPerms';

const perm = (domid: number, read: boolean, write: boolean) => ({ domid, read, write });

describe('permissions as a person edits them', () => {
  const perms = fc.uniqueArray(
    fc.record({ domid: fc.integer({ min: 0, max: maxDomid }), read: fc.boolean(), write: fc.boolean() }),
    { minLength: 1, maxLength: 8, selector: ({ domid }) => domid },
  );

  it('become the same permissions again', () => {
    fc.assert(fc.property(perms, (list) => assert.ok(samePerms(permsOf(draftOf(list)), list))));
  });

  it('are written as the tools of the field write them', () => {
    fc.assert(fc.property(perms, (list) => assert.equal(permWords(list), list.map(formatXsPerm).join(' '))));
    assert.equal(chmodLine('/a', [perm(2, false, false), perm(1, true, true)]), 'xenstore-chmod /a n2 b1');
  });

  it('follow the store in counting only the first entry of a domain', () => {
    const draft = draftOf([perm(0, false, false), perm(3, true, false), perm(3, true, true)]);
    assert.deepEqual(permsOf(draft), [perm(0, false, false), perm(3, true, false)]);
  });

  it('are the same when they say the same', () => {
    assert.ok(samePerms([perm(0, true, false)], [perm(0, true, false)]));
    assert.ok(!samePerms([perm(0, true, false)], [perm(0, true, true)]));
    assert.ok(!samePerms([perm(0, true, false)], [perm(0, true, false), perm(1, true, false)]));
  });

  it('take a further domain, or say why not', () => {
    const draft = draftOf([perm(2, false, false), perm(1, true, false)]);
    assert.equal(addable(' 7 ', draft), 7);
    assert.match(addable('2', draft) as string, /is the owner/);
    assert.match(addable('1', draft) as string, /in the table already/);
    for (const typed of ['', '-1', 'web', '1.5', '99999'])
      assert.match(addable(typed, draft) as string, /number from 0 to/);
  });

  it('name the domains', () => {
    assert.equal(domainLabel(3, [{ domid: 3, name: 'web' }]), 'web (3)');
    assert.equal(domainLabel(4, [{ domid: 3, name: 'web' }, { domid: 4 }]), 'domain 4');
  });
});
