/** libxenevtchn: event channels. A port or -1 comes back as an int. */
import type { LibraryTable } from '../cTypes';

export const evtchnTable = {
  name: 'libxenevtchn',
  sonames: ['libxenevtchn.so.1'],
  debianPackage: 'libxenevtchn1',
  headers: ['xentoollog.h', 'xenevtchn.h'],
  functions: {
    xenevtchn_open: ['xenevtchn_handle *', 'xentoollog_logger *', 'unsigned int'],
    xenevtchn_close: ['int', 'xenevtchn_handle *'],
    xenevtchn_fd: ['int', 'xenevtchn_handle *'],
    xenevtchn_notify: ['int', 'xenevtchn_handle *', 'uint32_t'],
    xenevtchn_bind_unbound_port: ['int', 'xenevtchn_handle *', 'uint32_t'],
    xenevtchn_bind_interdomain: ['int', 'xenevtchn_handle *', 'uint32_t', 'uint32_t'],
    xenevtchn_unbind: ['int', 'xenevtchn_handle *', 'uint32_t'],
    // It blocks when nothing is pending: called only after the descriptor polled readable.
    xenevtchn_pending: ['int', 'xenevtchn_handle *'],
    xenevtchn_unmask: ['int', 'xenevtchn_handle *', 'uint32_t'],
  },
} as const satisfies LibraryTable;
