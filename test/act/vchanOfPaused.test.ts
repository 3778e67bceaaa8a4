/** An end of a vchan in a guest that is paused, so that none of its steps is done, and then destroyed: nobody waits for it for ever. */
import assert from 'node:assert/strict';
import type { VchanSession } from '../../server/act/vchanSession';
import type { World } from '../../server/sim/world';
import { serveVchan } from '../../server/vchan/serve';
import { closeWorlds } from '../sim/worldKit';
import { VchanGuest } from './vchanGuest';

describe('an end of a vchan by hand in a guest that is paused and destroyed', () => {
  let guest: VchanGuest;
  let world: World;
  let domid: number;

  const until = (isSo: () => boolean) => guest.until(isSo);

  beforeEach(async () => {
    guest = await VchanGuest.open();
    ({ world, domid } = guest);
  });
  afterEach(closeWorlds);

  /** Closes it, and once its step waits for the guest, destroys that one. */
  async function closedAndDestroyed(session: VchanSession, said: string): Promise<void> {
    let isClosed = false;
    const closing = session.end('close').then(() => (isClosed = true));
    await world.settled();
    assert.equal(isClosed, false);
    world.world.act('destroy', domid);
    await until(() => isClosed);
    await closing;
    assert.deepEqual([session.state.phase, session.state.text], ['ended', said]);
    await until(() => world.hypervisor.get(domid) === undefined);
  }

  it('is closed, as a server that waits to say that it leaves', async () => {
    const session = guest.drive('guest', { role: 'server', path: 'data/vchan/0/test' });
    await until(() => session.state.phase === 'open');
    world.world.act('pause', domid);
    await closedAndDestroyed(
      session,
      `guest (${domid}) has ended or runs another kernel, and this end went with it.`,
    );
  });

  it('is closed, as a client that waits to say that it has come', async () => {
    const path = `/local/domain/0/data/vchan/${domid}/test`;
    const server = await serveVchan(world.openProgram!(0), { clientDomid: domid, path });
    const mapped = world.machine.usageOf(domid).mappedPages;
    const session = guest.drive('guest', { role: 'client', path });
    // Move by move, until its pages are mapped: what is next are the steps by which it comes.
    world.world.hold();
    while (world.machine.usageOf(domid).mappedPages === mapped) {
      await world.world.step();
      await new Promise((resolve) => setImmediate(resolve));
    }
    world.world.act('pause', domid);
    world.world.resume();
    assert.equal(session.state.phase, 'opening');
    await closedAndDestroyed(session, 'Closed: pages and doorbell are given back.');
    assert.notEqual(server.peer, 'here');
  });
});
