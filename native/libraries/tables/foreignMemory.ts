/** libxenforeignmemory: pages of a domain by their frame numbers, which only domain 0 may map. */
import type { LibraryTable } from '../cTypes';

export const foreignMemoryTable = {
  name: 'libxenforeignmemory',
  sonames: ['libxenforeignmemory.so.1'],
  debianPackage: 'libxenforeignmemory1',
  headers: ['xentoollog.h', 'xenforeignmemory.h'],
  functions: {
    xenforeignmemory_open: ['xenforeignmemory_handle *', 'xentoollog_logger *', 'unsigned int'],
    xenforeignmemory_close: ['int', 'xenforeignmemory_handle *'],
    xenforeignmemory_map: [
      'void *',
      'xenforeignmemory_handle *',
      'uint32_t',
      'int',
      'size_t',
      'const xen_pfn_t *',
      'int *',
    ],
    xenforeignmemory_unmap: ['int', 'xenforeignmemory_handle *', 'void *', 'size_t'],
  },
} as const satisfies LibraryTable;
