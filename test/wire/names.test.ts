import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseXsError, xsErrors } from '../../server/wire/errno';
import { xenbusStateName } from '../../server/wire/xenbusState';
import { XsType, xsTypeName } from '../../server/wire/xsMessage';

describe('names on the wire', () => {
  it('gives every message type its name and no other number one', () => {
    for (const [name, value] of Object.entries(XsType)) assert.equal(xsTypeName(value), name);
    for (const foreign of [20, 27, 255, 65535, 0xffffffff]) assert.equal(xsTypeName(foreign), undefined);
  });

  it('reads every error name, with and without its NUL', () => {
    for (const name of Object.keys(xsErrors)) {
      assert.deepEqual(parseXsError(Buffer.from(`${name}\0`)), { name, sent: name });
      assert.equal(parseXsError(Buffer.from(name)).name, name);
    }
  });

  it('takes an unknown error for EINVAL, whatever the bytes, and keeps what was sent', () => {
    assert.deepEqual(parseXsError(Buffer.from('EWEIRD\0')), { name: 'EINVAL', sent: 'EWEIRD' });
    assert.equal(parseXsError(Buffer.from('toString\0')).name, 'EINVAL');
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseXsError(Buffer.from(bytes))));
  });

  it('names the xenbus states 0 to 8', () => {
    assert.equal(xenbusStateName('4'), 'Connected');
    assert.equal(xenbusStateName('0'), 'Unknown');
    for (const text of ['9', '', '04', '-1', 'x', '4\n']) assert.equal(xenbusStateName(text), undefined);
  });
});
