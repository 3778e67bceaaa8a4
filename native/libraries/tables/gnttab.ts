/** libxengnttab: grants of others mapped here (gntdev), and pages of ours granted to others (gntalloc). */
import type { LibraryTable } from '../cTypes';

export const gnttabTable = {
  name: 'libxengnttab',
  sonames: ['libxengnttab.so.1'],
  debianPackage: 'libxengnttab1',
  headers: ['xentoollog.h', 'xengnttab.h'],
  functions: {
    xengnttab_open: ['xengnttab_handle *', 'xentoollog_logger *', 'unsigned int'],
    xengnttab_close: ['int', 'xengnttab_handle *'],
    xengnttab_map_domain_grant_refs: [
      'void *',
      'xengnttab_handle *',
      'uint32_t',
      'uint32_t',
      'uint32_t *',
      'int',
    ],
    xengnttab_map_grant_ref_notify: [
      'void *',
      'xengnttab_handle *',
      'uint32_t',
      'uint32_t',
      'int',
      'uint32_t',
      'uint32_t',
    ],
    xengnttab_unmap: ['int', 'xengnttab_handle *', 'void *', 'uint32_t'],
    xengntshr_open: ['xengntshr_handle *', 'xentoollog_logger *', 'unsigned int'],
    xengntshr_close: ['int', 'xengntshr_handle *'],
    xengntshr_share_pages: ['void *', 'xengntshr_handle *', 'uint32_t', 'int', 'uint32_t *', 'int'],
    xengntshr_share_page_notify: [
      'void *',
      'xengntshr_handle *',
      'uint32_t',
      'uint32_t *',
      'int',
      'uint32_t',
      'uint32_t',
    ],
    xengntshr_unshare: ['int', 'xengntshr_handle *', 'void *', 'uint32_t'],
  },
} as const satisfies LibraryTable;
