import { dialSocket } from '../../server/store/client/socketDial';
import { defineClientSuite } from './clientSuite';
import { describeWithDaemons } from './daemons/requirements';
import { startDaemon } from './daemons/startDaemon';
import type { DaemonKind } from './daemons/startDaemon';
import { startOurs, startOursInProcess } from './ours';

async function startDebian(kind: DaemonKind) {
  const daemon = await startDaemon(kind);
  return { ...daemon, dial: dialSocket(daemon.socketPath) };
}

describe('the client and our server in process', () => defineClientSuite(startOursInProcess));
describe('the client and our server', () => defineClientSuite(startOurs));
describeWithDaemons("the client and Debian's xenstored", () =>
  defineClientSuite(() => startDebian('xenstored')),
);
describeWithDaemons("the client and Debian's oxenstored", () =>
  // quota-maxsize of Debian's oxenstored.conf, which holds for domain 0 as well.
  defineClientSuite(() => startDebian('oxenstored'), { longestValueBytes: 2048 }),
);
