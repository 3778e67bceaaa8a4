/** When `npm test` and `npm start` build anew. */
import assert from 'node:assert/strict';
import { sourcesHash } from '../../scripts/lib/setup.mjs';

describe('the stamp of a build', () => {
  const before = process.env['CC'];
  afterEach(() => {
    if (before === undefined) delete process.env['CC'];
    else process.env['CC'] = before;
  });
  const stampWith = (compiler: string) => {
    process.env['CC'] = compiler;
    return sourcesHash();
  };

  it('is the same for the same sources', () => {
    assert.equal(sourcesHash(), sourcesHash());
  });

  if (process.platform === 'linux') {
    it('is another one as soon as there is a C compiler', () => {
      // Whatever refuses nothing counts as one.
      assert.notEqual(stampWith('/no/such/compiler'), stampWith('true'));
    });
  }
});
