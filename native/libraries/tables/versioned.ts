/**
 * Libraries whose names change with every release of Xen. The hypervisor that runs decides which one
 * fits; where none runs, the newest that is installed is taken.
 */
import { readFileSync } from 'node:fs';
import { runsUnderXen } from '../../underXen';
import type { LibraryTable } from '../cTypes';

/** Releases that are tried, newest first. */
const releases = Array.from({ length: 14 }, (_, index) => `4.${24 - index}`);

/** `4.17` while Xen runs under this kernel, undefined otherwise. */
function runningRelease(): string | undefined {
  if (!runsUnderXen()) return undefined;
  try {
    const part = (name: string) => readFileSync(`/sys/hypervisor/version/${name}`, 'utf8').trim();
    const release = `${part('major')}.${part('minor')}`;
    return /^\d{1,3}\.\d{1,3}$/.test(release) ? release : undefined;
  } catch {
    return undefined;
  }
}

function versions(name: string): readonly string[] {
  const running = runningRelease();
  const ordered = running === undefined ? releases : [running, ...releases];
  return [...new Set(ordered)].map((release) => `${name}.so.${release}`);
}

/** libxenctrl: where a domain with its own page tables keeps its rings, whether a domain runs, and who is at an event channel. */
export const xenctrlTable = {
  name: 'libxenctrl',
  sonames: () => versions('libxenctrl'),
  debianPackage: 'libxenmisc4.17',
  headers: ['xenctrl.h'],
  functions: {
    xc_interface_open: ['xc_interface *', 'xentoollog_logger *', 'xentoollog_logger *', 'unsigned int'],
    xc_interface_close: ['int', 'xc_interface *'],
    xc_domain_getinfolist: ['int', 'xc_interface *', 'uint32_t', 'unsigned int', 'xc_domaininfo_t *'],
    xc_hvm_param_get: ['int', 'xc_interface *', 'uint32_t', 'uint32_t', 'uint64_t *'],
    xc_evtchn_status: ['int', 'xc_interface *', 'xc_evtchn_status_t *'],
  },
} as const satisfies LibraryTable;

/** libxenvchan: byte channels between two domains. Its init leaves an errno behind when it succeeds. */
export const vchanTable = {
  name: 'libxenvchan',
  sonames: () => versions('libxenvchan'),
  debianPackage: 'libxenmisc4.17',
  headers: ['xentoollog.h', 'libxenvchan.h'],
  functions: {
    libxenvchan_server_init: [
      'struct libxenvchan *',
      'xentoollog_logger *',
      'int',
      'const char *',
      'size_t',
      'size_t',
    ],
    libxenvchan_client_init: ['struct libxenvchan *', 'xentoollog_logger *', 'int', 'const char *'],
    libxenvchan_close: ['void', 'struct libxenvchan *'],
    libxenvchan_read: ['int', 'struct libxenvchan *', 'void *', 'size_t'],
    libxenvchan_write: ['int', 'struct libxenvchan *', 'const void *', 'size_t'],
    libxenvchan_wait: ['int', 'struct libxenvchan *'],
    libxenvchan_fd_for_select: ['int', 'struct libxenvchan *'],
    libxenvchan_is_open: ['int', 'struct libxenvchan *'],
    libxenvchan_data_ready: ['int', 'struct libxenvchan *'],
    libxenvchan_buffer_space: ['int', 'struct libxenvchan *'],
  },
} as const satisfies LibraryTable;
