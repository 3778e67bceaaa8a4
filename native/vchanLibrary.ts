/**
 * libxenvchan through koffi: what may wait for the xenstore runs on a worker, the rest never blocks, and its
 * descriptor is waited for in node's own loop.
 */
import { XenscopeError } from '../server/host/errors';
import type { RevocableMemory } from '../server/host/bufferMemory';
import type { LibraryClient, LibraryServer, LibraryVchan, VchanLibrary } from '../server/host/vchanLibrary';
import { blockingCalls } from '../server/store/client/turnstile';
import { vchanPathProblem } from '../server/wire/vchanPath';
import { VCHAN_RING_BYTES_MAX } from '../server/wire/vchanRings';
import { isDomid } from './argument';
import { errnoName, lastErrno } from './cError';
import { isReadable, whenReadable } from './descriptors';
import type { DescriptorWait } from './descriptors';
import type { Pointer } from './koffi';
import type { Bound } from './libraries/cTypes';
import { vchanStruct } from './libraries/vchanStruct';
import type { libraryTables, XenLibraries } from './libraries/xenLibraries';
import { memoryAt, memoryOf } from './mappedMemory';
import { quietLogger } from './quietLogger';

type Calls = Bound<typeof libraryTables.vchan>;

export interface NativeVchanLibraryOptions {
  readonly libraries: XenLibraries;
  /** As of memoryAt. */
  readonly views?: boolean | undefined;
}

export class NativeVchanLibrary implements VchanLibrary {
  readonly #options: NativeVchanLibraryOptions;
  readonly #calls: Calls;
  readonly #open = new Set<NativeLibraryVchan>();
  #isClosed = false;

  /** Throws a XenscopeError `unsupported` where the library is missing. */
  constructor(options: NativeVchanLibraryOptions) {
    const { libraries } = options;
    this.#options = options;
    // Those that libxenvchan needs, from the folders that are searched: the loader takes what it has already.
    for (const key of ['toolLog', 'gnttab', 'evtchn'] as const) libraries.functions(key);
    this.#calls = libraries.functions('vchan');
  }

  async serve(options: LibraryServer): Promise<LibraryVchan> {
    const { clientDomid, path, leftBytes, rightBytes, persistent } = options;
    mustBePeer(clientDomid, path);
    for (const bytes of [leftBytes, rightBytes]) mustBeRing(bytes);
    this.#mustBeOpen();
    const logger = quietLogger(this.#options.libraries);
    const pointer = await waitFor<Pointer | null>((told) =>
      this.#calls.libxenvchan_server_init.async(logger, clientDomid, path, leftBytes, rightBytes, told),
    );
    return this.#keep(pointer, `offer domain ${clientDomid} a vchan at ${path}`, persistent);
  }

  async connect({ serverDomid, path }: LibraryClient): Promise<LibraryVchan> {
    mustBePeer(serverDomid, path);
    this.#mustBeOpen();
    const logger = quietLogger(this.#options.libraries);
    const pointer = await waitFor<Pointer | null>((told) =>
      this.#calls.libxenvchan_client_init.async(logger, serverDomid, path, told),
    );
    return this.#keep(pointer, `connect to the vchan of domain ${serverDomid} at ${path}`, false);
  }

  /** Closes what is still open, all at once: each may wait for the xenstore for as long as that likes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open].map((vchan) => vchan.close()));
  }

  async #keep({ value, errno }: Told<Pointer | null>, what: string, persistent: boolean) {
    if (value === null) {
      const why = errno > 0 ? ` (${errnoName(errno)})` : '';
      throw new XenscopeError('gone', `libxenvchan could not ${what}${why}. It says no more than that.`, {
        wayOut: 'Open it with the engine of Xenscope, which says which step fails.',
      });
    }
    try {
      this.#mustBeOpen();
      const vchan = new NativeLibraryVchan(value, this.#calls, this.#options, persistent, () =>
        this.#open.delete(vchan),
      );
      this.#open.add(vchan);
      return vchan;
    } catch (error) {
      // Nobody else knows of it: its pages, its doorbell and its nodes would stay.
      await closeEnd(this.#calls, value);
      throw error;
    }
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new XenscopeError('gone', 'The host of this vchan was closed.');
  }
}

class NativeLibraryVchan implements LibraryVchan {
  readonly control: RevocableMemory;
  readonly port: LibraryVchan['port'];
  readonly readRingBytes: number;
  readonly writeRingBytes: number;
  readonly #pointer: Pointer;
  readonly #calls: Calls;
  readonly #options: NativeVchanLibraryOptions;
  readonly #forget: () => void;
  readonly #wait: DescriptorWait;
  #closing: Promise<void> | undefined;

  constructor(
    pointer: Pointer,
    calls: Calls,
    options: NativeVchanLibraryOptions,
    persistent: boolean,
    forget: () => void,
  ) {
    const { libraries, views } = options;
    this.#options = options;
    this.#pointer = pointer;
    this.#calls = calls;
    this.#forget = forget;
    const struct = memoryOf(pointer, vchanStruct.bytes, 'write', libraries, views);
    this.control = memoryAt(
      [{ pointer: addressAt(struct, vchanStruct.ring), pages: 1 }],
      'write',
      libraries,
      views,
    );
    this.readRingBytes = 2 ** struct.load32(vchanStruct.readOrder);
    this.writeRingBytes = 2 ** struct.load32(vchanStruct.writeOrder);
    const flags = struct.load32(vchanStruct.flags) & ~(vchanStruct.blocking | vchanStruct.serverPersist);
    struct.store32(vchanStruct.flags, persistent ? flags | vchanStruct.serverPersist : flags);
    const port: LibraryPort = {
      port: struct.load32(vchanStruct.eventPort),
      onEvent: undefined,
      unmask: () => undefined,
    };
    struct.revoke('It belongs to libxenvchan.');
    this.port = port;
    const fd = calls.libxenvchan_fd_for_select(pointer);
    const { poll } = libraries.functions('libc');
    this.#wait = whenReadable(
      fd,
      () => {
        // Takes the event and unmasks; it would block where none is there.
        if (!this.#closing && isReadable(poll, fd) && calls.libxenvchan_wait(pointer) === 0) port.onEvent?.();
      },
      () => {
        port.failure = noneHeard();
        port.onEvent?.();
      },
    );
  }

  dataReady(): number {
    this.#mustBeOpen();
    return this.#calls.libxenvchan_data_ready(this.#pointer);
  }

  bufferSpace(): number {
    this.#mustBeOpen();
    return this.#calls.libxenvchan_buffer_space(this.#pointer);
  }

  read(into: Uint8Array): number {
    mustBeBytes(into);
    this.#mustBeOpen();
    return this.#calls.libxenvchan_read(this.#pointer, into, into.length);
  }

  write(bytes: Uint8Array): number {
    mustBeBytes(bytes);
    this.#mustBeOpen();
    return this.#calls.libxenvchan_write(this.#pointer, bytes, bytes.length);
  }

  leaveNodes(): void {
    this.#mustBeOpen();
    const { libraries, views } = this.#options;
    if (!removesFolder(libraries)) return;
    const { xsPath } = vchanStruct;
    const struct = memoryOf(this.#pointer, xsPath + 8, 'write', libraries, views);
    // The few bytes of its copy of the path are lost.
    for (const half of [xsPath, xsPath + 4]) struct.store32(half, 0);
    struct.revoke('It belongs to libxenvchan.');
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#wait.stop();
    this.control.revoke('This end of the vchan is closed.');
    await closeEnd(this.#calls, this.#pointer);
    this.#forget();
  }

  #mustBeOpen(): void {
    if (this.#closing) throw new XenscopeError('gone', 'This end of the vchan is closed.');
  }
}

interface LibraryPort {
  readonly port: number;
  onEvent: (() => void) | undefined;
  unmask: () => void;
  failure?: XenscopeError;
}

interface Told<T> {
  readonly value: T;
  readonly errno: number;
}

/** One of few calls at once that may block a worker. */
function waitFor<T>(call: (told: (error: unknown, value: T) => void) => void): Promise<Told<T>> {
  return blockingCalls.run(
    () =>
      new Promise((resolve, reject) => {
        call((error, value) => {
          if (error) reject(error as Error);
          // The errno of a call on a worker is there during this callback only.
          else resolve({ value, errno: lastErrno() });
        });
      }),
  );
}

/** As a server it removes its nodes, and waits for the xenstore. */
async function closeEnd(calls: Calls, pointer: Pointer): Promise<void> {
  await waitFor<undefined>((told) => calls.libxenvchan_close.async(pointer, told));
}

function mustBePeer(domid: number, path: string): void {
  if (!isDomid(domid)) throw new RangeError(`${String(domid)} is no domain`);
  const problem = typeof path === 'string' ? vchanPathProblem(path) : 'The path is no text.';
  if (problem !== undefined) throw new XenscopeError('input', problem);
}

function mustBeRing(bytes: number): void {
  if (Number.isInteger(bytes) && bytes >= 0 && bytes <= VCHAN_RING_BYTES_MAX) return;
  throw new RangeError(`${String(bytes)} is no number of bytes for a ring, which has at most 1 MiB`);
}

/** C takes the length from us. */
function mustBeBytes(bytes: Uint8Array): void {
  if (!(bytes instanceof Uint8Array)) throw new RangeError('What is read or written must be bytes');
}

/** Before 4.17 it removes nothing, and its struct ends before the field. */
function removesFolder(libraries: XenLibraries): boolean {
  const state = libraries.state('vchan');
  const [, major, minor] = (state.kind === 'loaded' && /\.so\.(\d+)\.(\d+)/.exec(state.path)) || [];
  return Number(major) > 4 || (Number(major) === 4 && Number(minor) >= 17);
}

function addressAt(struct: RevocableMemory, offset: number): Pointer {
  return BigInt(struct.load32(offset)) | (BigInt(struct.load32(offset + 4)) << 32n);
}

function noneHeard(): XenscopeError {
  return new XenscopeError('gone', 'The event channel of this vchan broke: nothing is heard any more.', {
    wayOut: 'Close this end and open it anew.',
  });
}
