/** libxentoollog: where Xen's libraries write what went wrong. Without a logger of ours it is stderr. */
import type { LibraryTable } from '../cTypes';

/** XTL_CRITICAL of xentoollog.h: failures of a call are XTL_ERROR, one below, and come to us as errno. */
export const XTL_CRITICAL = 9;

export const toolLogTable = {
  name: 'libxentoollog',
  sonames: ['libxentoollog.so.1'],
  debianPackage: 'libxentoollog1',
  headers: ['xentoollog.h'],
  functions: {
    xtl_createlogger_stdiostream: [
      'xentoollog_logger_stdiostream *',
      'FILE *',
      'unsigned int',
      'unsigned int',
    ],
  },
} as const satisfies LibraryTable;
