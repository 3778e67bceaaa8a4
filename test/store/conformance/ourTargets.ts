/** Our own store as a target of the conformance cases: spoken to in process, by its socket, and through rings. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../server/cli/systemClock';
import type { Dial } from '../../../server/store/byteStream';
import { dialRing, type RingDial } from '../../../server/store/client/ringDial';
import { Xenstored } from '../../../server/store/xenstored';
import { RawConnection } from '../../support/rawConnection';
import { ringPage, type RingPage } from '../../support/ringPage';
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

/** The guests on ring pages, as on a real host: both ends of the rings are ours. */
export function ringTarget(): Promise<Target> {
  const pages = new Map<number, RingPage>();
  const pageOf = (domid: number): RingPage => {
    const page = pages.get(domid) ?? ringPage();
    pages.set(domid, page);
    return page;
  };
  const store = new Xenstored({
    clock: systemClock,
    rings: {
      attach(domid) {
        const { memory, serverPort } = pageOf(domid);
        return { memory, port: serverPort, rebind: () => serverPort, detach: () => undefined };
      },
    },
  });
  const target = targetOf(store, store.connect({ domid: 0 }));
  const guests = new Map<number, { dial: RingDial; connection: RawConnection }>();
  const forget = (domid: number) => {
    guests.get(domid)?.connection.close();
    guests.get(domid)?.dial.close();
    guests.delete(domid);
  };
  return Promise.resolve({
    ...target,
    async guest(domid) {
      const toolstack = await target.dom0();
      if ((await toolstack.ask('IS_DOMAIN_INTRODUCED', `${domid}|`)) !== 'T|') {
        await toolstack.ok('INTRODUCE', `${domid}|1|7|`);
        forget(domid);
      }
      toolstack.close();
      const known = guests.get(domid);
      if (known) return known.connection;
      const { memory, guestPort } = pageOf(domid);
      const dial = dialRing({ memory, port: guestPort });
      const connection = await RawConnection.open(dial);
      guests.set(domid, { dial, connection });
      return connection;
    },
    async close() {
      for (const domid of [...guests.keys()]) forget(domid);
      await target.close();
    },
  });
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
