/**
 * The few functions of libc that node has not, called through koffi. koffi is loaded when they are
 * first needed: it is a native module, and most runs do without it.
 */
import { XenscopeError } from '../server/host/errors';
import { cError, lastErrno } from './cError';
import type { Meanings } from './cError';
import { loadKoffi } from './koffi';
import type { Pointer } from './koffi';
import { loadLibrary } from './libraries/loadLibrary';
import { libcTable } from './libraries/tables/libc';

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

const cannotMap: Meanings = {
  EBADF: {
    code: 'gone',
    text: 'Their file was closed.',
    wayOut: 'Start this host again.',
  },
  other: {
    code: 'limit',
    text: 'The system maps no more memory.',
    wayOut: 'End guests or shares that are no longer needed.',
  },
};

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
  const libc = loadLibrary(libcTable, []);
  if (libc.kind !== 'loaded') throw unsupported('The C library could not be reached through koffi.', libc);
  const { mmap, munmap, flock } = libc.functions;
  // A buffer cannot be taken from whoever still holds it, so its addresses stay taken until it is collected.
  const addresses = new FinalizationRegistry<{ readonly pointer: Pointer; readonly bytes: number }>(
    ({ pointer, bytes }) => munmap(pointer, bytes),
  );
  return {
    map(fd, bytes, access) {
      const protection = access === 'write' ? PROT_READ | PROT_WRITE : PROT_READ;
      const pointer = mmap(null, bytes, protection, MAP_SHARED, fd, 0);
      if (pointer === null || BigInt.asUintN(64, pointer) === MAP_FAILED) {
        throw cError('Shared pages', lastErrno(), cannotMap);
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
