/**
 * Debian's C xenstored as a target of the conformance cases: dom0 speaks through its socket, the
 * guests through ring pages, and the hypervisor's news are marks in the daemon's folder.
 */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Target } from '../store/conformance/conformance';
import { FileMemory } from '../support/filePage';
import { RawConnection } from '../support/rawConnection';
import { ringDial } from '../support/ringDial';
import { unixDial } from '../support/unixDial';
import { DaemonDoorbell } from './daemons/doorbell';
import { startDaemon } from './daemons/startDaemon';

/** The local port on which the daemon hears that some domain shut down or died. */
const VIRQ_DOM_EXC_PORT = 1;

export async function xenstoredTarget(): Promise<Target> {
  const daemon = await startDaemon('xenstored');
  const doorbell = await DaemonDoorbell.open(daemon.dir);
  const pages: FileMemory[] = [];
  const open = new Set<RawConnection>();
  const guests = new Map<number, RawConnection>();

  const mark = (kind: string, domid: number) => {
    writeFileSync(path.join(daemon.dir, `${kind}-${domid}`), '');
    doorbell.ring(VIRQ_DOM_EXC_PORT);
  };
  const kept = (connection: RawConnection) => {
    open.add(connection);
    return connection;
  };
  const dom0 = async () => kept(await RawConnection.open(unixDial(daemon.socketPath)));

  return {
    dom0,
    async guest(domid) {
      const page = path.join(daemon.dir, `ring-${domid}`);
      // The page makes the domain: from now on the hypervisor knows it.
      if (!existsSync(page)) writeFileSync(page, Buffer.alloc(4096));
      const toolstack = await dom0();
      if ((await toolstack.ask('IS_DOMAIN_INTRODUCED', `${domid}|`)) !== 'T|') {
        await toolstack.ok('INTRODUCE', `${domid}|1|7|`);
        guests.get(domid)?.close();
        guests.delete(domid);
      }
      toolstack.close();
      const known = guests.get(domid);
      if (known) return known;
      const memory = new FileMemory(page);
      pages.push(memory);
      const guest = kept(await RawConnection.open(ringDial(memory, () => doorbell.ringFrom(domid))));
      guests.set(domid, guest);
      return guest;
    },
    domainShutdown: (domid) => mark('shutdown', domid),
    domainDied: (domid) => mark('dead', domid),
    async close() {
      for (const connection of open) connection.close();
      for (const page of pages) page.close();
      doorbell.close();
      await daemon.stop();
    },
  };
}
