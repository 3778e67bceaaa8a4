/**
 * The few functions of libc that node has not, called through koffi. koffi is loaded when they are
 * first needed: it is a native module, and most runs do without it.
 */
import { XenscopeError } from '../server/host/errors';
import { loadKoffi } from './koffi';
import type { Pointer } from './koffi';

/** sys/mman.h and sys/file.h, the same on every Linux that koffi knows. */
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_FAILED = 2n ** 64n - 1n;
const LOCK_EX = 2;
const LOCK_NB = 4;

export interface Libc {
  /** The file's first `bytes` bytes as memory; writes through a mapping for reading fault. */
  map(fd: number, bytes: number, access: 'read' | 'write'): MappedBytes;
  /** Takes the file's lock until `fd` is closed or the process ends. False when somebody has it. */
  tryLock(fd: number): boolean;
}

export interface MappedBytes {
  readonly buffer: ArrayBuffer;
  /**
   * Ends the mapping: the shared bytes are out of reach at once. A late use of the buffer harms
   * nobody: it finds zeroes that belong to no one else. Safe to call twice.
   */
  unmap(): void;
}

let loaded: Libc | undefined;

/** Throws a XenscopeError `unsupported` that says why, where it cannot be had. */
export function loadLibc(): Libc {
  return (loaded ??= load());
}

function load(): Libc {
  if (process.platform !== 'linux') {
    throw unsupported(`Shared files are mapped on Linux only, not on ${process.platform}.`);
  }
  if (process.versions.electron !== undefined) {
    throw unsupported('This runtime (Electron) does not let a program use mapped memory.');
  }
  const koffi = loadKoffi();
  let lib;
  try {
    // The libc of this very process, whatever its name and kind.
    lib = koffi.load(null);
  } catch (error) {
    throw unsupported('The C library could not be reached through koffi.', error);
  }
  const mmap = lib.func('void *mmap(void *addr, size_t length, int prot, int flags, int fd, long offset)');
  const munmap = lib.func('int munmap(void *addr, size_t length)');
  // A buffer cannot be taken from whoever still holds it, so its addresses stay taken until it is collected.
  const addresses = new FinalizationRegistry<{ readonly pointer: Pointer; readonly bytes: number }>(
    ({ pointer, bytes }) => munmap(pointer, bytes),
  );
  const flock = lib.func('int flock(int fd, int operation)');
  return {
    map(fd, bytes, access) {
      const protection = access === 'write' ? PROT_READ | PROT_WRITE : PROT_READ;
      const pointer = mmap(null, bytes, protection, MAP_SHARED, fd, 0) as Pointer | null;
      if (pointer === null || BigInt.asUintN(64, pointer) === MAP_FAILED) {
        throw new XenscopeError('limit', `The system maps no more memory (error ${koffi.errno()}).`, {
          wayOut: 'End guests or shares that are no longer needed.',
        });
      }
      let buffer: ArrayBuffer;
      try {
        buffer = koffi.view(pointer, bytes);
      } catch (error) {
        munmap(pointer, bytes);
        throw unsupported('This runtime does not let a program use mapped memory.', error);
      }
      addresses.register(buffer, { pointer, bytes });
      let isMapped = true;
      return {
        buffer,
        unmap() {
          if (!isMapped) return;
          isMapped = false;
          mmap(pointer, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        },
      };
    },
    tryLock: (fd) => flock(fd, LOCK_EX | LOCK_NB) === 0,
  };
}

function unsupported(message: string, cause?: unknown): XenscopeError {
  return new XenscopeError('unsupported', message, {
    cause,
    wayOut: 'The simulator works without; other processes cannot join its pages then.',
  });
}
