/** Event channels whose device breaks. The real device does that when events come faster than they are taken. */
import assert from 'node:assert/strict';
import { openEventChannels } from '../../native/eventChannels';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { openBreakable } from '../support/breakable';
import { throwsCode } from '../support/throwsCode';

if (process.platform === 'linux') {
  describe('event channels whose device breaks', () => {
    it('say so, in each port and to whoever wants another', async () => {
      const device = openBreakable();
      const lines: string[] = [];
      const events = openEventChannels(librariesOver(device.fd), (line) => lines.push(line));
      const port = events.bindUnbound(1);
      const failure = () => port.failure;
      assert.equal(failure(), undefined);
      // Whoever sleeps until it rings, and would for good.
      const heard: (string | undefined)[] = [];
      port.onEvent = () => heard.push(failure()?.code);
      device.breakIt();
      while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(lines, ['/dev/xen/evtchn broke: no event of any port is heard any more.']);
      assert.equal(failure()?.code, 'gone');
      assert.equal(failure()?.message, lines[0]);
      assert.deepEqual(heard, ['gone']);
      throwsCode(() => events.bindUnbound(1), 'gone');
      throwsCode(() => events.bindInterdomain(1, 5), 'gone');
      port.close();
      events.close();
      device.close();
    });
  });
}

/** libxenevtchn over a descriptor of ours, for the real one breaks on a real Xen under load only. */
function librariesOver(fd: number): XenLibraries {
  const libraries = new XenLibraries();
  const evtchn = {
    xenevtchn_open: () => 1n,
    xenevtchn_close: () => 0,
    xenevtchn_fd: () => fd,
    xenevtchn_bind_unbound_port: () => 5,
    xenevtchn_unbind: () => 0,
  };
  const functions = libraries.functions.bind(libraries);
  libraries.functions = ((key: Parameters<typeof functions>[0]) =>
    key === 'evtchn' ? evtchn : functions(key)) as typeof functions;
  return libraries;
}
