/** Our native ends of a vchan, whose other domain is destroyed under a libxenvchan: nobody rings, and they find it out. */
import assert from 'node:assert/strict';
import { connectVchan } from '../../../server/vchan/connect';
import { serveVchan } from '../../../server/vchan/serve';
import { describeWithDaemons } from '../daemons/requirements';
import { NativeEnds } from './nativeEnds';

describeWithDaemons('a native end of a vchan whose other domain is destroyed', function () {
  this.timeout(60_000);
  let ends: NativeEnds;
  afterEach(() => ends.close());

  for (const [name, farewell, words] of [
    ['alice', 'vanished', /gone without a word: domain \d+ was destroyed/],
    ['0', 'domainEnded', /domain \d+ has ended/],
  ] as const) {
    it(`reads what was left, as a client in ${name === '0' ? 'domain 0' : 'a guest'}`, async () => {
      ends = await NativeEnds.open(name, 'theirs');
      const peer = ends.start('server', '4096', 'ping', 1_000_000);
      const vchan = await connectVchan(ends.openProgram(), {
        serverDomid: ends.theirs,
        path: ends.paths('theirs').client,
        waits: true,
      });
      await vchan.write(Buffer.from([1]));
      await vchan.readable();
      // It writes nothing more before it has the ball back; and on Xen it would stop with its domain.
      peer.child.kill('SIGSTOP');
      ends.joined.destroy(ends.theirs);
      await vchan.peerLeft();
      assert.equal(vchan.farewell, farewell);
      const into = Buffer.alloc(10);
      assert.equal(await vchan.read(into), 1);
      assert.equal(await vchan.read(into), 0);
      await assert.rejects(vchan.write(into), words);
      await vchan.close();
    });

    it(`stops to wait, as a server in ${name === '0' ? 'domain 0' : 'a guest'}`, async () => {
      ends = await NativeEnds.open(name, 'theirs');
      const { ours, theirs } = ends;
      const program = ends.openProgram();
      const path = ends.paths('ours').server;
      const vchan = await serveVchan(program, { clientDomid: theirs, path, persistent: true });
      const peer = ends.start('client', '0', 'take', 1_000_000);
      await vchan.connected();
      const writing = vchan.write(Buffer.alloc(100_000)).then(() => vchan.write(Buffer.alloc(1_000_000)));
      const stays = farewell === 'vanished';
      // Where nobody can know that the domain has ended, its next program is waited for.
      if (stays) writing.catch(() => undefined);
      const failing = stays ? undefined : assert.rejects(writing, words);
      peer.child.kill('SIGSTOP');
      ends.joined.destroy(theirs);
      await vchan.peerLeft();
      assert.deepEqual([vchan.farewell, vchan.isOpen], [farewell, stays]);
      await failing;
      await vchan.close();
      const folder = `/local/domain/${ours}/data`;
      assert.deepEqual(await program.store.directory(folder).catch(() => []), []);
    });
  }
});
