import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { loadLibc } from '../../native/libc';

if (process.platform === 'linux') {
  describe('shared pages that cannot be mapped', () => {
    it('say with which errno, why, and what to do', () => {
      assert.throws(() => loadLibc().map(-1, 4096, 'read'), {
        code: 'gone',
        message: 'Shared pages: EBADF. Their file was closed.',
        wayOut: 'Start this host again.',
      });
      const fd = openSync(__filename, 'r');
      try {
        // No mapping is empty.
        assert.throws(() => loadLibc().map(fd, 0, 'read'), {
          code: 'limit',
          message: 'Shared pages: EINVAL. The system maps no more memory.',
        });
      } finally {
        closeSync(fd);
      }
    });
  });
}
