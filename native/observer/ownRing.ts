/**
 * The store ring of domain 0 itself, which its kernel shows to a xenstored that runs there. We only
 * look at it: what the kernel's own drivers and /dev/xen/xenbus say passes through it.
 */
import { closeSync, existsSync, openSync } from 'node:fs';
import { XenscopeError } from '../../server/host/errors';
import { PAGE_BYTES } from '../../server/host/pages';
import { cError, lastErrno } from '../cError';
import type { XenLibraries } from '../libraries/xenLibraries';
import { memoryAt } from '../mappedMemory';
import type { MappedRing } from './ringPages';

const usualPlace = '/proc/xen/xsd_kva';
/** sys/mman.h */
const PROT_READ = 1;
const MAP_SHARED = 1;
const MAP_FAILED = 2n ** 64n - 1n;

export function hasOwnRing(): boolean {
  return existsSync(usualPlace);
}

/** Throws a XenscopeError that says why it cannot be mapped. */
export function mapOwnRing(libraries: XenLibraries, views?: boolean, place = usualPlace): MappedRing {
  const { mmap, munmap } = libraries.functions('libc');
  const fd = open(place);
  const pointer = mmap(null, PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
  const errno = lastErrno();
  closeSync(fd);
  if (pointer === null || BigInt.asUintN(64, pointer) === MAP_FAILED) {
    throw cError(place, errno, {
      ENOMEM: {
        code: 'limit',
        text: 'The system maps no more memory.',
        wayOut: 'Close other hosts, or end other programs.',
      },
      other: {
        code: 'unsupported',
        text: 'It cannot be mapped: no xenstored of this domain serves it.',
        wayOut: 'Run the server in the domain whose xenstored it is; all other rings are seen without.',
      },
    });
  }
  try {
    const memory = memoryAt([{ pointer, pages: 1 }], 'read', libraries, views);
    return {
      memory,
      found: `mapped for reading through ${place}, where the kernel of this domain shows its own ring`,
      unmap() {
        memory.revoke('The store ring of this domain was unmapped.');
        munmap(pointer, PAGE_BYTES);
      },
    };
  } catch (error) {
    munmap(pointer, PAGE_BYTES);
    throw error;
  }
}

function open(place: string): number {
  try {
    return openSync(place, 'r');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new XenscopeError('refused', `${place}: ${code}. This user may not open it.`, {
        cause: error,
        wayOut: 'The server must run as root in domain 0: sudo xenscope serve --owner USER.',
      });
    }
    throw new XenscopeError('unsupported', `${place}: ${code}.`, {
      cause: error,
      wayOut: 'Mount it as root: mount -t xenfs xenfs /proc/xen',
    });
  }
}
