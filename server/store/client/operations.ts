/**
 * The operations of a store, with or without a transaction: payloads out, replies in. Follows
 * docs/misc/xenstore.txt. Paths and names travel as octets (latin1), so that whatever a foreign
 * server stores can be named again.
 */
import { isStoreError, XenscopeError } from '../../host/errors';
import type { RequestOptions, StoreOperations } from '../../host/storeClient';
import { XsType } from '../../wire/xsMessage';
import { formatXsPerm, parseXsPerm } from '../../wire/xsPerms';
import type { XsPerm } from '../../wire/xsPerms';
import type { StoreRequest } from './connection';
import { listInParts } from './directoryParts';
import { protocolError } from './errors';
import { splitStrings, strings } from './payload';

/** Sends one request; the transaction, if any, is known to the sender. */
export type Ask = (request: Omit<StoreRequest, 'txId'>, options?: RequestOptions) => Promise<Buffer>;

export class Operations implements StoreOperations {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async directory(path: string, options?: RequestOptions): Promise<string[]> {
    try {
      return splitStrings(await this.#onPath(XsType.DIRECTORY, 'list', path, options));
    } catch (error) {
      if (!isStoreError(error, 'E2BIG')) throw error;
      return listInParts(this.#ask, path, error, options);
    }
  }

  async hasChildren(path: string, options?: RequestOptions): Promise<boolean> {
    try {
      return (await this.#onPath(XsType.DIRECTORY, 'list', path, options)).length > 0;
    } catch (error) {
      if (isStoreError(error, 'E2BIG')) return true;
      throw error;
    }
  }

  read(path: string, options?: RequestOptions): Promise<Buffer> {
    return this.#onPath(XsType.READ, 'read', path, options);
  }

  async write(path: string, value: Uint8Array | string, options?: RequestOptions): Promise<void> {
    const what = `write ${path}`;
    const octets = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    const payload = Buffer.concat([strings(what, path), octets]);
    await this.#ask({ type: XsType.WRITE, payload, what }, options);
  }

  async mkdir(path: string, options?: RequestOptions): Promise<void> {
    await this.#onPath(XsType.MKDIR, 'create', path, options);
  }

  async rm(path: string, options?: RequestOptions): Promise<void> {
    await this.#onPath(XsType.RM, 'remove', path, options);
  }

  async getPerms(path: string, options?: RequestOptions): Promise<XsPerm[]> {
    const verb = 'read the permissions of';
    const payload = await this.#onPath(XsType.GET_PERMS, verb, path, options);
    return splitStrings(payload).map((text) => {
      const perm = parseXsPerm(text);
      if (!perm) throw protocolError(`${verb} ${path}`, `${JSON.stringify(text)} is no permission`);
      return perm;
    });
  }

  async setPerms(path: string, perms: readonly XsPerm[], options?: RequestOptions): Promise<void> {
    const what = `change the permissions of ${path}`;
    if (perms.length === 0) {
      throw new XenscopeError('input', `Cannot ${what}: the list is empty.`, {
        wayOut: 'The first entry names the owner, e.g. n0.',
      });
    }
    const payload = strings(what, path, ...perms.map(formatXsPerm));
    await this.#ask({ type: XsType.SET_PERMS, payload, what }, options);
  }

  // Async so that a path that cannot be sent is a rejection, never a throw.
  async #onPath(type: XsType, verb: string, path: string, options?: RequestOptions): Promise<Buffer> {
    const what = `${verb} ${path}`;
    return this.#ask({ type, payload: strings(what, path), what }, options);
  }
}
