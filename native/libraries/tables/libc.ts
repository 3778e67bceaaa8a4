/** The few functions of the C library that node has not, as far as Xen's libraries make us need them. */
import type { LibraryTable } from '../cTypes';

export const libcTable = {
  name: 'libc',
  // The libc of this very process, whatever its name and kind.
  sonames: [null],
  debianPackage: 'libc6',
  headers: [
    'poll.h',
    'sched.h',
    'stdlib.h',
    'stdio.h',
    'sys/epoll.h',
    'sys/eventfd.h',
    'sys/mman.h',
    'sys/file.h',
  ],
  functions: {
    poll: ['int', 'struct pollfd *', 'unsigned long', 'int'],
    sched_yield: ['int'],
    free: ['void', 'void *'],
    mmap: ['void *', 'void *', 'size_t', 'int', 'int', 'int', 'long'],
    munmap: ['int', 'void *', 'size_t'],
    flock: ['int', 'int', 'int'],
    epoll_create1: ['int', 'int'],
    epoll_ctl: ['int', 'int', 'int', 'int', 'struct epoll_event *'],
    eventfd: ['int', 'unsigned int', 'int'],
    fopen: ['FILE *', 'const char *', 'const char *'],
  },
} as const satisfies LibraryTable;

/** What glibc has beyond other C libraries; who needs it does without where it is not. */
export const mallocTable = {
  name: 'malloc of glibc',
  sonames: [null],
  debianPackage: 'libc6',
  headers: ['malloc.h'],
  functions: {
    mallopt: ['int', 'int', 'int'],
  },
} as const satisfies LibraryTable;

/** libatomic: bits of shared memory changed in one piece where no buffer can lie over it. */
export const atomicTable = {
  name: 'libatomic',
  sonames: ['libatomic.so.1'],
  debianPackage: 'libatomic1',
  headers: [],
  functions: {
    __atomic_fetch_and_1: ['int', 'void *', 'int', 'int'],
    __atomic_fetch_or_1: ['int', 'void *', 'int', 'int'],
  },
} as const satisfies LibraryTable;
