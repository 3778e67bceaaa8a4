/**
 * libxenstore. Every call but `xs_check_watch` and `xs_fileno` waits for the daemon, so it belongs on
 * a worker. What it returns was allocated by C and is freed by `free` of libc.
 */
import type { LibraryTable } from '../cTypes';

export const storeTable = {
  name: 'libxenstore',
  sonames: ['libxenstore.so.4'],
  debianPackage: 'libxenstore4',
  headers: ['xenstore.h'],
  functions: {
    xs_open: ['struct xs_handle *', 'unsigned long'],
    xs_close: ['void', 'struct xs_handle *'],
    xs_directory: ['char **', 'struct xs_handle *', 'uint32_t', 'const char *', 'unsigned int *'],
    xs_read: ['void *', 'struct xs_handle *', 'uint32_t', 'const char *', 'unsigned int *'],
    xs_write: ['bool', 'struct xs_handle *', 'uint32_t', 'const char *', 'const void *', 'unsigned int'],
    xs_mkdir: ['bool', 'struct xs_handle *', 'uint32_t', 'const char *'],
    xs_rm: ['bool', 'struct xs_handle *', 'uint32_t', 'const char *'],
    xs_get_permissions: [
      'struct xs_permissions *',
      'struct xs_handle *',
      'uint32_t',
      'const char *',
      'unsigned int *',
    ],
    xs_set_permissions: [
      'bool',
      'struct xs_handle *',
      'uint32_t',
      'const char *',
      'struct xs_permissions *',
      'unsigned int',
    ],
    xs_watch: ['bool', 'struct xs_handle *', 'const char *', 'const char *'],
    xs_unwatch: ['bool', 'struct xs_handle *', 'const char *', 'const char *'],
    xs_fileno: ['int', 'struct xs_handle *'],
    xs_check_watch: ['char **', 'struct xs_handle *'],
    xs_transaction_start: ['uint32_t', 'struct xs_handle *'],
    xs_transaction_end: ['bool', 'struct xs_handle *', 'uint32_t', 'bool'],
    xs_introduce_domain: ['bool', 'struct xs_handle *', 'unsigned int', 'unsigned long', 'unsigned int'],
    xs_set_target: ['bool', 'struct xs_handle *', 'unsigned int', 'unsigned int'],
    xs_resume_domain: ['bool', 'struct xs_handle *', 'unsigned int'],
    xs_release_domain: ['bool', 'struct xs_handle *', 'unsigned int'],
    xs_get_domain_path: ['char *', 'struct xs_handle *', 'unsigned int'],
    xs_is_domain_introduced: ['bool', 'struct xs_handle *', 'unsigned int'],
    xs_control_command: ['char *', 'struct xs_handle *', 'const char *', 'void *', 'unsigned int'],
  },
} as const satisfies LibraryTable;
