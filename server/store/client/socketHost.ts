/** A real host seen through its xenstored's socket: there is a store and nothing else. */
import type { Clock, Random } from '../../host/clock';
import type { Host } from '../../host/host';
import type { StoreClient } from '../../host/storeClient';
import { dialSocket } from './socketDial';
import { openStoreClient } from './storeClient';

export interface SocketHostOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  /** As of openStoreClient. */
  readonly maxSilenceMs?: number;
}

export function openSocketHost({ path, clock, random, maxSilenceMs }: SocketHostOptions): Host {
  const clients = new Set<StoreClient>();
  return {
    kind: 'real',
    clock,
    random,
    openStore() {
      const client = openStoreClient({ dial: dialSocket(path), clock, random, maxSilenceMs });
      clients.add(client);
      client.onStateChange((state) => {
        if (state.kind === 'closed') clients.delete(client);
      });
      return client;
    },
    async close() {
      await Promise.all([...clients].map((client) => client.close()));
    },
  };
}
