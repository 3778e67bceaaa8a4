import assert from 'node:assert/strict';
import { maxSocketPathBytes, tooLongForSocket } from '../../server/store/socketPath';

describe('the path of a socket', () => {
  it('is bounded by the system that it is for, in bytes', () => {
    assert.deepEqual((['linux', 'darwin', 'win32'] as const).map(maxSocketPathBytes), [107, 103, Infinity]);
    assert.equal(tooLongForSocket('/'.padEnd(107, 'x'), 'linux'), undefined);
    assert.match(tooLongForSocket('/'.padEnd(104, 'x'), 'darwin')!.message, /104 bytes, at most 103/);
    assert.match(tooLongForSocket('/'.padEnd(60, 'é'), 'linux')!.message, /119 bytes, at most 107/);
    assert.equal(tooLongForSocket('\\\\.\\pipe\\'.padEnd(200, 'x'), 'win32'), undefined);
  });
});
