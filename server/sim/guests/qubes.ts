/**
 * Qubes as Qubes OS has them: each tells the memory manager what it uses, and one offers the other
 * a vchan now and then. The vchan's two nodes are libxenvchan's, and they go as soon as the client
 * has connected; the folders above them stay. The rings behind the nodes are not simulated yet.
 */
import type { StoreOperations } from '../../host/storeClient';
import type { Domain } from '../domain';
import type { GuestScript } from '../toolstack/config';
import { none, noneBut } from '../toolstack/perms';
import { bootLinux } from './linux';
import { balloonedKiB, wander } from './parts';

/** The first of the ports that qrexec uses for data. */
const firstDataPort = 513;

/** A qube that only calls others. */
export const qube: GuestScript = async (domain, { config, isKexec }) => {
  await bootLinux(domain, config, { isKexec });
  domain.startDaemon('meminfo-writer', () => writeMeminfo(domain));
};

/** A qube that serves calls from the qube of the given name. */
export function servingQube(clientName: string): GuestScript {
  return async (domain, surroundings) => {
    await qube(domain, surroundings);
    domain.startDaemon('qrexec-agent', async () => {
      for (;;) {
        await domain.sleep(15_000, 40_000);
        const client = surroundings.hypervisor.byName(clientName);
        if (client?.running) await serveOneCall(domain, client.domid);
      }
    });
  };
}

async function writeMeminfo(domain: Domain): Promise<void> {
  let usedKiB = Math.round((await balloonedKiB(domain)) * 0.4);
  for (;;) {
    usedKiB = wander(domain, usedKiB, await balloonedKiB(domain));
    await domain.store.write('memory/meminfo', String(usedKiB));
    await domain.sleep(5_000, 11_000);
  }
}

async function serveOneCall(domain: Domain, clientDomid: number): Promise<void> {
  const folder = `data/vchan/${clientDomid}/${firstDataPort + domain.random.below(8)}`;
  const perms = noneBut(domain.domid, { read: clientDomid });
  await domain.store.transaction(async (transaction: StoreOperations) => {
    await transaction.mkdir(folder);
    await transaction.setPerms(folder, none(domain.domid));
    await transaction.write(`${folder}/ring-ref`, String(domain.newGref()));
    await transaction.setPerms(`${folder}/ring-ref`, perms);
    await transaction.write(`${folder}/event-channel`, String(domain.newPort()));
    await transaction.setPerms(`${folder}/event-channel`, perms);
  });
  await domain.sleep(1_500, 4_000);
  await domain.store.rm(folder);
}
