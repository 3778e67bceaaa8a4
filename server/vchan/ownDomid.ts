/** Which domain we are, as the store tells it to whoever asks: the path is relative. */
import { XenscopeError } from '../host/errors';
import type { RequestOptions, StoreClient } from '../host/storeClient';

export async function readOwnDomid(store: StoreClient, options: RequestOptions = {}): Promise<number> {
  const text = (await store.read('domid', options)).toString('latin1');
  if (/^[0-9]{1,5}$/.test(text)) return Number(text);
  throw new XenscopeError('protocol', `The node domid of this domain holds no number but "${text}".`, {
    wayOut: 'The toolstack writes it; libxenvchan reads it as well.',
  });
}
