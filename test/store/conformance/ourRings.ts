/** Our server over a page of this process as a target of the ring cases. */
import { systemClock } from '../../../server/cli/systemClock';
import { Xenstored } from '../../../server/store/xenstored';
import { RawConnection } from '../../support/rawConnection';
import { ringPage } from '../../support/ringPage';
import type { RingTarget } from './rings';

export async function ourRingTarget(features: number): Promise<RingTarget> {
  const { memory, guestPort, serverPort } = ringPage();
  const store = new Xenstored({
    clock: systemClock,
    rings: {
      features,
      attach: () => ({ memory, port: serverPort, rebind: () => serverPort, detach: () => undefined }),
    },
  });
  const opened: RawConnection[] = [];
  const dom0 = async () => {
    const connection = await RawConnection.open(store.connect({ domid: 0 }));
    opened.push(connection);
    return connection;
  };
  await (await dom0()).ok('INTRODUCE', '1|1|1|');
  return {
    dom0,
    page: { memory, ring: () => guestPort.notify(), rung: () => serverPort.rung },
    async close() {
      for (const connection of opened) connection.close();
      await store.close();
    },
  };
}
