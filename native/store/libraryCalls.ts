/**
 * libxenstore as promises: each call on a worker, few at once, with its errno; what C allocated is
 * copied and given back. See tables/store.ts for the signatures and xenstore.h for what they mean.
 */
import { blockingCalls } from '../../server/store/client/turnstile';
import type { XsPerm } from '../../server/wire/xsPerms';
import { PERM_READ, PERM_WRITE } from '../../server/wire/xsPerms';
import { loadKoffi } from '../koffi';
import type { Pointer } from '../koffi';
import type { XenLibraries } from '../libraries/xenLibraries';

/** What C said no with. */
export class CallFailed extends Error {
  constructor(readonly errno: number) {
    super(`errno ${errno}`);
  }
}

/** Of xs_check_watch: nothing waits now. */
const EAGAIN = 11;
const permBytes = 8;
const pointerBytes = 8;

type Async = { async(...args: unknown[]): void };

export class StoreCalls {
  readonly #c: ReturnType<XenLibraries['functions']>;
  readonly #free: (pointer: Pointer) => void;
  readonly #koffi = loadKoffi();
  #handle: Pointer | undefined;

  /** Throws a XenscopeError `unsupported` where the library is missing. */
  constructor(libraries: XenLibraries) {
    this.#c = libraries.functions('store') as never;
    const { free } = libraries.functions('libc');
    this.#free = (pointer) => free(pointer);
  }

  async open(): Promise<void> {
    this.#handle = (await this.#pointer('xs_open', 0)) as Pointer;
  }

  /** Nothing may be called after it. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined) await this.#run('xs_close', handle);
  }

  /** Readable when watch events wait, and when the connection has ended. */
  get fd(): number {
    return this.#sync('xs_fileno') as number;
  }

  async directory(txId: number, path: string): Promise<string[]> {
    const count = new Uint32Array(1);
    const list = await this.#pointer('xs_directory', this.#handle, txId, path, count);
    try {
      return this.#strings(list, count[0]!);
    } finally {
      this.#free(list);
    }
  }

  async read(txId: number, path: string): Promise<Buffer> {
    const length = new Uint32Array(1);
    return this.#taken(await this.#pointer('xs_read', this.#handle, txId, path, length), () => length[0]!);
  }

  write(txId: number, path: string, value: Buffer): Promise<void> {
    // A buffer of our own: C reads it on another thread, after the caller's memory was used again.
    return this.#truth('xs_write', this.#handle, txId, path, Buffer.from(value), value.length);
  }

  mkdir(txId: number, path: string): Promise<void> {
    return this.#truth('xs_mkdir', this.#handle, txId, path);
  }

  rm(txId: number, path: string): Promise<void> {
    return this.#truth('xs_rm', this.#handle, txId, path);
  }

  async getPerms(txId: number, path: string): Promise<XsPerm[]> {
    const count = new Uint32Array(1);
    const list = await this.#pointer('xs_get_permissions', this.#handle, txId, path, count);
    const octets = this.#taken(list, () => count[0]! * permBytes);
    return Array.from({ length: count[0]! }, (_, index) => {
      const bits = octets.readUInt32LE(index * permBytes + 4);
      const domid = octets.readUInt32LE(index * permBytes);
      return { domid, read: (bits & PERM_READ) !== 0, write: (bits & PERM_WRITE) !== 0 };
    });
  }

  setPerms(txId: number, path: string, perms: readonly XsPerm[]): Promise<void> {
    const octets = Buffer.alloc(perms.length * permBytes);
    for (const [index, { domid, read, write }] of perms.entries()) {
      octets.writeUInt32LE(domid >>> 0, index * permBytes);
      octets.writeUInt32LE((read ? PERM_READ : 0) | (write ? PERM_WRITE : 0), index * permBytes + 4);
    }
    return this.#truth('xs_set_permissions', this.#handle, txId, path, octets, perms.length);
  }

  watch(path: string, token: string): Promise<void> {
    return this.#truth('xs_watch', this.#handle, path, token);
  }

  unwatch(path: string, token: string): Promise<void> {
    return this.#truth('xs_unwatch', this.#handle, path, token);
  }

  /** The next event; undefined when none waits. Throws when the connection has ended. Never waits. */
  checkWatch(): { readonly path: string; readonly token: string } | undefined {
    const event = this.#sync('xs_check_watch') as Pointer | null;
    if (event === null) {
      const errno = this.#koffi.errno();
      if (errno === EAGAIN) return undefined;
      throw new CallFailed(errno);
    }
    try {
      const [path, token] = this.#strings(event, 2);
      return { path: path!, token: token! };
    } finally {
      this.#free(event);
    }
  }

  async startTransaction(): Promise<number> {
    const { value, errno } = await this.#run('xs_transaction_start', this.#handle);
    if (value === 0) throw new CallFailed(errno);
    return value as number;
  }

  endTransaction(txId: number, isAborted: boolean): Promise<void> {
    return this.#truth('xs_transaction_end', this.#handle, txId, isAborted);
  }

  introduce(domid: number, gfn: number, port: number): Promise<void> {
    return this.#truth('xs_introduce_domain', this.#handle, domid, gfn, port);
  }

  setTarget(domid: number, targetDomid: number): Promise<void> {
    return this.#truth('xs_set_target', this.#handle, domid, targetDomid);
  }

  release(domid: number): Promise<void> {
    return this.#truth('xs_release_domain', this.#handle, domid);
  }

  resume(domid: number): Promise<void> {
    return this.#truth('xs_resume_domain', this.#handle, domid);
  }

  /** The library tells no failure apart from "no". */
  async isIntroduced(domid: number): Promise<boolean> {
    const { value } = await this.#run('xs_is_domain_introduced', this.#handle, domid);
    return value as boolean;
  }

  async domainPath(domid: number): Promise<string> {
    return this.#text(await this.#pointer('xs_get_domain_path', this.#handle, domid));
  }

  /** `words` beyond the first end with a NUL each. */
  async control(command: string, words: Buffer): Promise<string> {
    return this.#text(
      await this.#pointer('xs_control_command', this.#handle, command, Buffer.from(words), words.length),
    );
  }

  /** ---- C ---- */

  async #run(name: string, ...args: unknown[]): Promise<{ readonly value: unknown; readonly errno: number }> {
    const functions = this.#c as unknown as Record<string, Async>;
    return blockingCalls.run(
      () =>
        new Promise((resolve, reject) => {
          functions[name]!.async(...args, (error: Error | null, value: unknown) => {
            if (error) reject(error);
            // The errno of a call on a worker is there during this callback only.
            else resolve({ value, errno: this.#koffi.errno() });
          });
        }),
    );
  }

  async #truth(name: string, ...args: unknown[]): Promise<void> {
    const { value, errno } = await this.#run(name, ...args);
    if (value !== true) throw new CallFailed(errno);
  }

  async #pointer(name: string, ...args: unknown[]): Promise<Pointer> {
    const { value, errno } = await this.#run(name, ...args);
    if (value === null) throw new CallFailed(errno);
    return value as Pointer;
  }

  #sync(name: string): unknown {
    const functions = this.#c as unknown as Record<string, (handle: Pointer) => unknown>;
    return functions[name]!(this.#handle!);
  }

  /** A copy of C's memory, which is given back. */
  #taken(pointer: Pointer, length: () => number): Buffer {
    try {
      return this.#copy(pointer, length());
    } finally {
      this.#free(pointer);
    }
  }

  #text(pointer: Pointer): string {
    try {
      return this.#koffi.decode.string(pointer);
    } finally {
      this.#free(pointer);
    }
  }

  #strings(list: Pointer, count: number): string[] {
    const pointers = this.#copy(list, count * pointerBytes);
    return Array.from({ length: count }, (_, index) =>
      this.#koffi.decode.string(pointers.readBigUInt64LE(index * pointerBytes)),
    );
  }

  #copy(pointer: Pointer, length: number): Buffer {
    if (length === 0) return Buffer.alloc(0);
    return Buffer.from(this.#koffi.decode(pointer, 'uint8_t', length) as Uint8Array);
  }
}
