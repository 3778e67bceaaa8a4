import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { findSocket, findStore, localSocketPaths, usualSockets } from '../../server/cli/socketPaths';

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

  it('goes to the device of the kernel where nobody names a socket and none is there', () => {
    const devices = ['/no/such/device', '/dev/null'];
    const isThere = usualSockets.some((socket) => existsSync(socket));
    assert.equal(findStore(undefined, {}, devices) === '/dev/null', !isThere);
    assert.equal(findStore(undefined, {}, ['/no/such/device']), findSocket(undefined, {}));
    assert.equal(findStore('/named', {}, devices), '/named');
    assert.equal(findStore(undefined, folder, devices), '/xen/run/socket');
  });

  it('offers all of them to an editor, in the same order', () => {
    assert.deepEqual(localSocketPaths(both), ['/xen/sock', '/xen/run/socket', ...usualSockets]);
    assert.deepEqual(localSocketPaths({}), [...usualSockets]);
  });
});
