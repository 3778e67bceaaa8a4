/** Debian's daemons as targets of the ring cases: domain 1 has its page in a file. */
import path from 'node:path';
import type { RingServer, RingTarget } from '../store/conformance/rings';
import { FileMemory } from '../support/filePage';
import { RawConnection } from '../support/rawConnection';
import { unixDial } from '../support/unixDial';
import { DaemonDoorbell } from './daemons/doorbell';
import { startDaemon } from './daemons/startDaemon';

const DOMID = 1;

const kinds = { 'C xenstored 4.17': 'xenstored', 'oxenstored 4.17': 'oxenstored' } as const;

export async function daemonRingTarget(server: RingServer): Promise<RingTarget> {
  const daemon = await startDaemon(kinds[server]);
  const doorbell = await DaemonDoorbell.open(daemon.dir);
  const memory = new FileMemory(path.join(daemon.dir, `ring-${DOMID}`));
  const opened: RawConnection[] = [];
  const dom0 = async () => {
    const connection = await RawConnection.open(unixDial(daemon.socketPath));
    opened.push(connection);
    return connection;
  };
  await (await dom0()).ok('INTRODUCE', `${DOMID}|1|7|`);
  return {
    dom0,
    page: {
      memory,
      ring: () => doorbell.ringFrom(DOMID),
      rung: () => doorbell.rungAt(DOMID),
    },
    async close() {
      for (const connection of opened) connection.close();
      doorbell.close();
      await daemon.stop();
      memory.close();
    },
  };
}
