/** Debian's daemon, dom0 at its socket, and domain 1 with our guest's end on its ring page. */
import path from 'node:path';
import { systemClock } from '../../server/cli/systemClock';
import type { StoreClient } from '../../server/host/storeClient';
import { dialRing, type RingDial } from '../../server/store/client/ringDial';
import { dialSocket } from '../../server/store/client/socketDial';
import { openStoreClient } from '../../server/store/client/storeClient';
import { FileDoorbell, FileMemory } from '../support/filePage';
import { DaemonDoorbell } from './daemons/doorbell';
import { startDaemon, type Daemon, type DaemonKind } from './daemons/startDaemon';

export const DOMID = 1;

export class Rig {
  readonly clients: StoreClient[] = [];

  static async open(kind: DaemonKind): Promise<Rig> {
    const daemon = await startDaemon(kind);
    const doorbell = await DaemonDoorbell.open(daemon.dir);
    const rig = new Rig(daemon, doorbell, new FileMemory(path.join(daemon.dir, `ring-${DOMID}`)));
    await rig.dom0.introduce(DOMID, 1, 7);
    await rig.dom0.write('/local/domain/1', '');
    await rig.dom0.setPerms('/local/domain/1', [{ domid: DOMID, read: false, write: false }]);
    return rig;
  }

  readonly dom0: StoreClient;
  #bell: FileDoorbell | undefined;
  #dial: RingDial | undefined;

  private constructor(
    readonly daemon: Daemon,
    readonly doorbell: DaemonDoorbell,
    readonly memory: FileMemory,
  ) {
    this.dom0 = this.#opened(openStoreClient({ dial: dialSocket(daemon.socketPath), clock: systemClock }));
  }

  #opened(client: StoreClient): StoreClient {
    this.clients.push(client);
    return client;
  }

  guest(): { dial: RingDial; client: StoreClient } {
    const { doorbell, memory } = this;
    this.#bell = new FileDoorbell(
      () => doorbell.ringFrom(DOMID),
      () => doorbell.rungAt(DOMID),
    );
    const dial = dialRing({
      memory,
      port: this.#bell,
      clock: systemClock,
      onReconnect: () => client.retryNow(),
    });
    this.#dial = dial;
    const client: StoreClient = this.#opened(openStoreClient({ dial, clock: systemClock }));
    return { dial, client };
  }

  async close(): Promise<void> {
    this.#dial?.close();
    this.#bell?.close();
    await Promise.all(this.clients.map((client) => client.close()));
    this.doorbell.close();
    await this.daemon.stop();
    this.memory.close();
  }
}
