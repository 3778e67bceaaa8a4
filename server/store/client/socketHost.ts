/** A real host of which its xenstore can be reached, e.g. through a socket, and nothing else. */
import type { Clock, Random } from '../../host/clock';
import type { Host } from '../../host/host';
import type { StoreClient } from '../../host/storeClient';
import type { Dial } from '../byteStream';
import { dialSocket } from './socketDial';
import { openStoreClient } from './storeClient';

export interface StoreHostOptions {
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
  /** As of openStoreClient. */
  readonly maxSilenceMs?: number;
}

export function openSocketHost({
  path,
  ...options
}: Omit<StoreHostOptions, 'dial'> & { readonly path: string }): Host {
  return openStoreHost({ ...options, dial: dialSocket(path) });
}

export function openStoreHost({ dial, clock, random, maxSilenceMs }: StoreHostOptions): Host {
  const clients = new Set<StoreClient>();
  return {
    kind: 'real',
    clock,
    random,
    openStore() {
      const client = openStoreClient({ dial, clock, random, maxSilenceMs });
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
