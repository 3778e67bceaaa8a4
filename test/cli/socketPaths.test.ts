import assert from 'node:assert/strict';
import { findSocket, localSocketPaths, usualSockets } from '../../server/cli/socketPaths';

describe('where a xenstored is looked for', () => {
  const folder = { XENSTORED_RUNDIR: '/xen/run' };
  const both = { ...folder, XENSTORED_PATH: '/xen/sock' };

  it('goes by what a person names, then the environment, as in libxenstore', () => {
    assert.equal(findSocket('/named', both), '/named');
    assert.equal(findSocket(undefined, both), '/xen/sock');
    assert.equal(findSocket(undefined, folder), '/xen/run/socket');
    assert.ok((usualSockets as readonly string[]).includes(findSocket(undefined, {})));
    assert.equal(findSocket('', { XENSTORED_PATH: '', XENSTORED_RUNDIR: '/r' }), '/r/socket');
  });

  it('offers all of them to an editor, in the same order', () => {
    assert.deepEqual(localSocketPaths(both), ['/xen/sock', '/xen/run/socket', ...usualSockets]);
    assert.deepEqual(localSocketPaths({}), [...usualSockets]);
  });
});
