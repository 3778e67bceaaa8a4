/**
 * Debian's C xenstored as a target of the conformance cases: dom0 speaks through its socket, the
 * guests through ring pages, and the hypervisor's news are marks in the daemon's folder.
 */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Target } from '../store/conformance/conformance';
import { RawConnection } from '../support/rawConnection';
import { ringDial } from '../support/ringDial';
import { unixDial } from '../support/unixDial';
import { startDaemon } from './daemons/startDaemon';

/** The local port on which the daemon hears that some domain shut down or died. */
const VIRQ_DOM_EXC_PORT = 1;

export async function xenstoredTarget(): Promise<Target> {
  const daemon = await startDaemon('xenstored');
  const doorbell = await openWhenThere(path.join(daemon.dir, 'doorbell'));
  const open = new Set<RawConnection>();
  const guests = new Map<number, RawConnection>();

  const ring = (port: number) => {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(port);
    writeSync(doorbell, word);
  };
  const mark = (kind: string, domid: number) => {
    writeFileSync(path.join(daemon.dir, `${kind}-${domid}`), '');
    ring(VIRQ_DOM_EXC_PORT);
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
      const guest =
        known ?? kept(await RawConnection.open(ringDial(page, () => ring(portOf(daemon.dir, domid)))));
      guests.set(domid, guest);
      return guest;
    },
    domainShutdown: (domid) => mark('shutdown', domid),
    domainDied: (domid) => mark('dead', domid),
    async close() {
      for (const connection of open) connection.close();
      closeSync(doorbell);
      await daemon.stop();
    },
  };
}

/** The daemon listens at its socket a moment before it has its doorbell. */
async function openWhenThere(file: string): Promise<number> {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 1));
  return openSync(file, 'r+');
}

/** The port on which the daemon listens to a domain: the last one that it bound. */
function portOf(dir: string, domid: number): number {
  const lines = readFileSync(path.join(dir, 'ports'), 'utf8').trimEnd().split('\n');
  const bound = lines.map((line) => line.split(' ').map(Number)).filter(([, boundTo]) => boundTo === domid);
  return bound.at(-1)![0]!;
}
