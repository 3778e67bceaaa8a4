/** An end of a vchan that a person drives, when the domain at the other end is destroyed. */
import assert from 'node:assert/strict';
import type { VchanSession } from '../../server/act/vchanSession';
import type { World } from '../../server/sim/world';
import { serveVchan } from '../../server/vchan/serve';
import type { Vchan } from '../../server/vchan/vchan';
import { closeWorlds } from '../sim/worldKit';
import { Page } from '../vchan/rig';
import { VchanGuest } from './vchanGuest';

describe('an end of a vchan by hand whose server is destroyed', () => {
  let guest: VchanGuest;
  let world: World;
  let domid: number;
  let server: Vchan;
  let session: VchanSession;
  let mappedPages: number;

  const mapped = () => world.machine.usageOf(0).mappedPages;
  const until = (isSo: () => boolean) => guest.until(isSo);

  beforeEach(async () => {
    guest = await VchanGuest.open();
    ({ world, domid } = guest);
    mappedPages = mapped();
    const path = `/local/domain/${domid}/data/vchan/0/test`;
    server = await serveVchan(world.openProgram!(domid), { clientDomid: 0, path });
    session = guest.drive('domain0', { role: 'client', path });
    await until(() => session.state.peer === 'here');
    await server.write(Buffer.from('last words'));
  });
  afterEach(closeWorlds);

  const destroy = () => world.machine.destroyDomain(domid, { sudden: true });

  it('gives the pages back once all is read, so that the domain can go', async () => {
    await until(() => session.state.received.bytes === 10);
    destroy();
    await until(() => session.state.phase === 'ended');
    const { text, wayOut } = session.state;
    assert.equal(
      text,
      `guest (${domid}) has ended, and all that it wrote is read: its pages are given back.`,
    );
    assert.equal(wayOut, 'Open it anew for the domain that takes its place.');
    assert.equal(mapped(), mappedPages);
    assert.equal(session.take().bytes.toString(), 'last words');
  });

  it('keeps them while there is something to read', async () => {
    session.setReading({ reads: false, keepAll: false });
    await server.write(Buffer.from('and more'));
    destroy();
    await until(() => session.state.peer === 'gone');
    assert.equal(session.state.phase, 'open');
    assert.match(session.state.text, /has ended with \d+ bytes unread/);
    session.setReading({ reads: true, keepAll: false });
    await until(() => session.state.phase === 'ended');
    assert.equal(session.state.received.bytes, 18);
    assert.equal(mapped(), mappedPages);
  });

  for (const [when, isSeenFirst] of [
    ['before its domain was destroyed', true],
    ['only then', false],
  ] as const) {
    it(`gives them back when it broke its ring, which was seen ${when}`, async () => {
      const read = (reads: boolean) => session.setReading({ reads, keepAll: false });
      read(false);
      await server.write(Buffer.from('never read'));
      const { memory } = world.machine.lent().find(({ ownerDomid }) => ownerDomid === domid)!.frames;
      new Page(memory).set('right_prod', 0x8000_0000);
      if (isSeenFirst) {
        read(true);
        await until(() => session.state.severity === 'error');
        destroy();
      } else {
        destroy();
        await until(() => session.state.peer === 'gone');
        read(true);
      }
      await until(() => session.state.phase === 'ended');
      const { text, severity } = session.state;
      assert.match(text, /right_prod is 0x80000000/);
      assert.ok(text.endsWith(` guest (${domid}) has ended, and its pages are given back.`), text);
      assert.equal(severity, 'warning');
      assert.equal(mapped(), mappedPages);
    });
  }
});
