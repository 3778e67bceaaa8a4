/** The machine itself: what all other suites stand on. A real guest boots and talks; how it dies is told in `rings`. */
import assert from 'node:assert/strict';
import { domains, output } from '../support/dom0';
import { Guest } from '../support/guest';

describe('a real guest', () => {
  let guest: Guest;
  before(async () => {
    guest = await Guest.shared();
  });

  it('runs beside dom0', async () => {
    const all = await domains();
    assert.deepEqual(
      all.map(({ domid }) => domid),
      [0, guest.domid],
    );
    assert.equal(await output('xenstore-read', `${guest.path}/name`), `${guest.name}\n`);
  });

  it('talks on its console', async () => {
    assert.match(guest.consoleText, new RegExp(`guest ${guest.domid} is ready`));
    assert.equal(await guest.type('echo one; echo two'), 'one\ntwo');
  });

  it('talks to the xenstore over its own ring, as itself', async () => {
    await guest.type('xenstore-write data/colour blue');
    assert.equal(await output('xenstore-read', `${guest.path}/data/colour`), 'blue\n');
    assert.equal(await guest.type('xenstore-read data/colour'), 'blue');
    assert.match(await guest.type('xenstore-write /tool/mine 1 2>&1'), /xenstore-write: could not write/);
  });
});
