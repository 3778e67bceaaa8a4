/** The handshake of devices, with both drivers of ours, over the daemons of others. */
import { dialSocket } from '../../server/store/client/socketDial';
import { defineXenbusSuite } from '../xenbus/suite';
import { describeWithDaemons } from './daemons/requirements';
import { startDaemon } from './daemons/startDaemon';
import type { DaemonKind } from './daemons/startDaemon';

for (const kind of ['xenstored', 'oxenstored'] satisfies DaemonKind[]) {
  describeWithDaemons(`device handshakes over Debian's ${kind}`, () => {
    let daemon: Awaited<ReturnType<typeof startDaemon>>;
    before(async () => {
      daemon = await startDaemon(kind);
    });
    after(() => daemon.stop());
    defineXenbusSuite(() => dialSocket(daemon.socketPath));
  });
}
