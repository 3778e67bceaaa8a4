/** Our own store as a target of the conformance cases: spoken to in process, and by its socket. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../server/cli/systemClock';
import type { Dial } from '../../../server/store/byteStream';
import { Xenstored } from '../../../server/store/xenstored';
import { RawConnection } from '../../support/rawConnection';
import { unixDial } from '../../support/unixDial';
import type { Target } from './conformance';

/** Everybody in process; a domain becomes known with its connection. */
export function inProcessTarget(): Promise<Target> {
  const store = new Xenstored({ clock: systemClock });
  return Promise.resolve(targetOf(store, store.connect({ domid: 0 })));
}

/** Dom0 through the socket, as any program of the field; it introduces the guests. */
export async function socketTarget(): Promise<Target> {
  const store = new Xenstored({ clock: systemClock });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'conformance-'));
  const listener = await store.listen(path.join(folder, 'socket'));
  const target = targetOf(store, unixDial(listener.path));
  return {
    ...target,
    async guest(domid) {
      const toolstack = await target.dom0();
      if ((await toolstack.ask('IS_DOMAIN_INTRODUCED', `${domid}|`)) !== 'T|') {
        await toolstack.ok('INTRODUCE', `${domid}|1|7|`);
      }
      toolstack.close();
      return target.guest(domid);
    },
    async close() {
      await target.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function targetOf(store: Xenstored, dom0: Dial): Target {
  const opened: RawConnection[] = [];
  const guests = new Map<number, RawConnection>();
  const open = async (dial: Dial) => {
    const connection = await RawConnection.open(dial);
    opened.push(connection);
    return connection;
  };
  return {
    dom0: () => open(dom0),
    async guest(domid) {
      const known = guests.get(domid);
      if (known && !known.isClosed) return known;
      const guest = await open(store.connect({ domid }));
      guests.set(domid, guest);
      return guest;
    },
    domainShutdown: (domid) => store.domainShutdown(domid),
    domainDied: (domid) => store.domainDied(domid),
    async close() {
      for (const connection of opened) connection.close();
      await store.close();
    },
  };
}
