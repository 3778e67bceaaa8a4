/** A real store with two connections: ours, on which the model lives, and somebody else's. */
import type { StoreClient } from '../../server/host/storeClient';
import { DomainList } from '../../server/model/domains';
import { LiveTree } from '../../server/model/liveTree';
import { RootFeed } from '../../server/model/rootFeed';
import type { Domain, TreeChange } from '../../server/model/treeTypes';
import type { ByteStream, ByteStreamHandlers, Dial } from '../../server/store/byteStream';
import { openStoreClient } from '../../server/store/client/storeClient';
import { Xenstored } from '../../server/store/xenstored';
import { ManualClock } from '../sim/manualClock';

export interface Rig {
  readonly clock: ManualClock;
  readonly xenstored: Xenstored;
  /** What the model uses. */
  readonly store: StoreClient;
  /** Paths that the model read and listed, in order. */
  readonly reads: string[];
  readonly lists: string[];
  readonly other: StoreClient;
  readonly feed: RootFeed;
  readonly domains: DomainList;
  readonly domainLists: (readonly Domain[])[];
  readonly tree: LiveTree;
  /** Every batch of changes. */
  readonly batches: (readonly TreeChange[])[];
  /** Lets the clock run until there is a further batch, and takes it. */
  nextBatch(): Promise<readonly TreeChange[]>;
  /** As `nextBatch`, and the clock stands while anything else has still to be done. */
  nextBatchUnhurried(): Promise<readonly TreeChange[]>;
  /** Lets the clock run until `test` holds. */
  until(test: () => boolean): Promise<void>;
  /** Cuts our connection as a restart of the store does. */
  cut(): void;
  close(): Promise<void>;
}

/** Hands what arrives on some turns later, in order, as a socket does. */
function delayed(handlers: ByteStreamHandlers, turnsLate: () => number): ByteStreamHandlers {
  let last: Promise<void> = Promise.resolve();
  const later = (run: () => void) => {
    last = last.then(async () => {
      for (let turns = turnsLate(); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      run();
    });
  };
  return {
    onData: (bytes) => {
      const copy = Buffer.from(bytes);
      later(() => handlers.onData(copy));
    },
    onDrain: () => later(() => handlers.onDrain()),
    onClose: (reason) => later(() => handlers.onClose(reason)),
  };
}

/** `turnsLate`: how many turns of the event loop each chunk from the store is late for us. */
export async function openRig({ turnsLate = () => 0 }: { turnsLate?: () => number } = {}): Promise<Rig> {
  const clock = new ManualClock();
  const xenstored = new Xenstored({ clock });
  let stream: ByteStream | undefined;
  let closeOurs: (() => void) | undefined;
  const dial: Dial = async (handlers) => {
    stream = await xenstored.connect({ domid: 0 })(delayed(handlers, turnsLate));
    closeOurs = () => {
      stream?.close();
      handlers.onClose('The store was restarted.');
    };
    return stream;
  };
  const store = openStoreClient({ dial, clock });
  const other = openStoreClient({ dial: xenstored.connect({ domid: 0 }), clock });
  const reads: string[] = [];
  const lists: string[] = [];
  const { read, directory } = store;
  store.read = (path, options) => (reads.push(path), read.call(store, path, options));
  store.directory = (path, options) => (lists.push(path), directory.call(store, path, options));

  const feed = new RootFeed(store);
  const domainLists: (readonly Domain[])[] = [];
  const batches: (readonly TreeChange[])[] = [];
  const domains: DomainList = new DomainList({ store, clock, feed }, (list) => {
    domainLists.push(list);
    tree.domainsChanged();
  });
  const tree = new LiveTree({
    store,
    clock,
    feed,
    nameDomain: domains.nameDomain,
    onChanges: (changes) => batches.push(changes),
  });
  await feed.start();
  await other.read('/');

  const until = async (test: () => boolean) => {
    for (let turn = 0; !test(); turn++) {
      if (turn > 20_000) throw new Error('what the test waits for does not happen');
      clock.tick(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  let taken = 0;
  /** Everything here is done in this process, so some turns of its event loop see all of it done. */
  const allElseIsDone = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    clock,
    xenstored,
    store,
    other,
    reads,
    lists,
    feed,
    domains,
    domainLists,
    tree,
    batches,
    until,
    async nextBatch() {
      await until(() => batches.length > taken);
      return batches[taken++]!;
    },
    async nextBatchUnhurried() {
      await allElseIsDone();
      for (let ms = 0; batches.length <= taken; ms++) {
        if (ms > 10_000) throw new Error('what the test waits for does not happen');
        clock.tick(1);
        await allElseIsDone();
      }
      return batches[taken++]!;
    },
    cut: () => closeOurs?.(),
    async close() {
      tree.close();
      domains.close();
      await Promise.all([store.close(), other.close(), xenstored.close()]);
    },
  };
}

/** Changes in a few words: `row /a/b=1`, `fresh /a/c=`, `children /a`, `gone /a/b`, `all`. */
export function inWords(changes: readonly TreeChange[]): string[] {
  return changes.map((change) => {
    switch (change.kind) {
      case 'row':
        return `${change.fresh ? 'fresh' : 'row'} ${change.row.path}=${change.row.preview}`;
      case 'all':
        return 'all';
      default:
        return `${change.kind} ${change.path}`;
    }
  });
}
