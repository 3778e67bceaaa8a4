/** A store with a few nodes, and acts on it: as its simulated world, as a real host, and as domain 3. */
import { Acts } from '../../server/act/acts';
import type { Edit } from '../../server/act/edit';
import type { StoreClient } from '../../server/host/storeClient';
import { openStoreClient } from '../../server/store/client/storeClient';
import { Xenstored } from '../../server/store/xenstored';
import { ManualClock } from '../sim/manualClock';

const nameDomain = (domid: number) =>
  domid === 3 ? 'web (3)' : domid === 0 ? 'Domain-0 (0)' : `domain ${domid}`;

export const write = (path: string, value: string, create = false): Edit => ({
  kind: 'write',
  path,
  value: Buffer.from(value, 'latin1'),
  create,
});
export const remove = (path: string): Edit => ({ kind: 'remove', path });
/** By who was told that it cannot be taken back. */
export const removeForGood = (path: string): Edit => ({ kind: 'remove', path, knownFinal: true });
export const grant = (path: string, domid: number): Edit => ({
  kind: 'setPerms',
  path,
  perms: [
    { domid, read: false, write: false },
    { domid: 0, read: true, write: false },
  ],
});

export interface ActsScene {
  readonly xenstored: Xenstored;
  readonly store: StoreClient;
  readonly guest: StoreClient;
  /** In a simulated world, on a real host, and as the unprivileged domain 3. */
  readonly acts: Acts;
  readonly onRealHost: Acts;
  readonly asGuest: Acts;
  allowDomain0Edits: boolean;
  text(path: string): Promise<string>;
  close(): Promise<void>;
}

export async function openActs(): Promise<ActsScene> {
  const clock = new ManualClock();
  const xenstored = new Xenstored({ clock });
  const store = openStoreClient({ dial: xenstored.connect({ domid: 0 }), clock });
  const guest = openStoreClient({ dial: xenstored.connect({ domid: 3 }), clock });
  const options = {
    nameDomain,
    clock,
    isHeld: () => false,
    allowDomain0Edits: () => scene.allowDomain0Edits,
  };
  const scene: ActsScene = {
    xenstored,
    store,
    guest,
    acts: new Acts({ ...options, store, isReal: false }),
    onRealHost: new Acts({ ...options, store, isReal: true }),
    asGuest: new Acts({ ...options, store: guest, isReal: false }),
    allowDomain0Edits: false,
    text: async (path) => (await store.read(path)).toString('latin1'),
    close: async () => {
      await Promise.all([store.close(), guest.close(), xenstored.close()]);
    },
  };
  await store.write('/a/one', '1');
  await store.write('/a/two/below', '2');
  await store.write('/local/domain/0/name', 'Domain-0');
  await store.write('/local/domain/0/backend/vif/3/0/state', '4');
  await store.write('/local/domain/3/data', '');
  await store.setPerms('/local/domain/3/data', [{ domid: 3, read: false, write: false }]);
  return scene;
}
