import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatXsPerm, parseXsPerm } from '../../server/wire/xsPerms';

describe('xenstore permissions', () => {
  const entry = fc.record({
    domid: fc.integer({ min: 0, max: 65535 }),
    read: fc.boolean(),
    write: fc.boolean(),
  });

  it('survive being written and read again', () => {
    fc.assert(fc.property(entry, (perm) => assert.deepEqual(parseXsPerm(formatXsPerm(perm)), { ...perm })));
  });

  it('read numbers as strtol does with base 0', () => {
    assert.equal(parseXsPerm('r0x10')?.domid, 16);
    assert.equal(parseXsPerm('r010')?.domid, 8);
    assert.equal(parseXsPerm('r-1')?.domid, -1);
    assert.equal(parseXsPerm('b+7')?.domid, 7);
    assert.equal(parseXsPerm('b0X1F')?.domid, 31);
    assert.equal(parseXsPerm('n \t5')?.domid, 5);
    assert.equal(parseXsPerm('n-0')?.domid, 0);
  });

  it('keep 32 bits of a number, as a C program does', () => {
    assert.equal(parseXsPerm('r4294967297')?.domid, 1);
    assert.equal(parseXsPerm('r0xffffffff')?.domid, -1);
    assert.equal(parseXsPerm('r99999999999999999999')?.domid, -1);
    assert.equal(parseXsPerm('r-99999999999999999999')?.domid, 0);
  });

  for (const text of ['', 'r', 'x0', 'r0x', 'r1 ', 'rr1', 'R1', 'n09', 'n1x', 'n1\0', 'n+-1', 'n\u00a01']) {
    it(`refuse ${JSON.stringify(text)}`, () => assert.equal(parseXsPerm(text), undefined));
  }

  it('never throw on any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseXsPerm(text)));
  });
});
