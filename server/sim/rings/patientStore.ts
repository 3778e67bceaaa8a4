/**
 * The store as a kernel's drivers see it: when the connection is made anew under them, they ask
 * again instead of failing, and when it is broken they wait, as long as it takes. Watches are set
 * again by the client below.
 */
import { XenscopeError, isStoreError } from '../../host/errors';
import type { RequestOptions, StoreClient, StoreState } from '../../host/storeClient';

/**
 * Operations that were interrupted are repeated: all that the world's guests do can be done twice.
 * `onClose` runs before the client closes.
 */
export function patientStore(client: StoreClient, onClose: () => void): StoreClient {
  const again = async <T>(options: RequestOptions | undefined, act: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (!isForNow(error) || client.state.kind === 'closed') throw error;
        await connected(client, options?.signal);
      }
    }
  };
  return {
    get state() {
      return client.state;
    },
    onStateChange: (listener) => client.onStateChange(listener),
    retryNow: () => client.retryNow(),
    directory: (path, options) => again(options, () => client.directory(path, options)),
    hasChildren: (path, options) => again(options, () => client.hasChildren(path, options)),
    read: (path, options) => again(options, () => client.read(path, options)),
    write: (path, value, options) => again(options, () => client.write(path, value, options)),
    mkdir: (path, options) => again(options, () => client.mkdir(path, options)),
    rm: (path, options) => {
      let isRepeated = false;
      return again(options, async () => {
        try {
          await client.rm(path, options);
        } catch (error) {
          // It took effect the first time, and only the answer was lost.
          if (isRepeated && isStoreError(error, 'ENOENT')) return;
          isRepeated = true;
          throw error;
        }
      });
    },
    getPerms: (path, options) => again(options, () => client.getPerms(path, options)),
    setPerms: (path, perms, options) => again(options, () => client.setPerms(path, perms, options)),
    watch: (path, options) => again(options, () => client.watch(path, options)),
    transaction: (body, options) => again(options, () => client.transaction(body, options)),
    getDomainPath: (domid, options) => again(options, () => client.getDomainPath(domid, options)),
    isDomainIntroduced: (domid, options) => again(options, () => client.isDomainIntroduced(domid, options)),
    introduce: (domid, gfn, port, options) =>
      again(options, () => client.introduce(domid, gfn, port, options)),
    release: (domid, options) => again(options, () => client.release(domid, options)),
    resume: (domid, options) => again(options, () => client.resume(domid, options)),
    setTarget: (domid, target, options) => again(options, () => client.setTarget(domid, target, options)),
    resetWatches: (options) => again(options, () => client.resetWatches(options)),
    control: (words, options) => again(options, () => client.control(words, options)),
    close: () => {
      onClose();
      return client.close();
    },
  };
}

function isForNow(error: unknown): boolean {
  return error instanceof XenscopeError && (error.code === 'interrupted' || error.code === 'away');
}

/** Resolves when the client is connected, and also when it never will be: the next try then says why. */
function connected(client: StoreClient, signal: AbortSignal | undefined): Promise<void> {
  const isSettled = (state: StoreState) => state.kind === 'connected' || state.kind === 'closed';
  return new Promise((resolve) => {
    if (isSettled(client.state) || signal?.aborted) return resolve();
    const done = () => {
      stop();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const stop = client.onStateChange((state) => isSettled(state) && done());
    signal?.addEventListener('abort', done, { once: true });
  });
}
