/** What C says with an errno, as our errors: which device or call, the errno's name, why, and what to do. */
import { getSystemErrorName } from 'node:util';
import { XenscopeError } from '../server/host/errors';
import type { XenscopeErrorCode } from '../server/host/errors';
import { loadKoffi } from './koffi';

export interface Meaning {
  readonly code: XenscopeErrorCode;
  /** Goes on after the errno's name; begins with a capital letter and ends with a full stop. */
  readonly text?: string;
  readonly wayOut?: string;
}

/** By errno name; `other` is for those that are not listed. */
export type Meanings = Readonly<Record<string, Meaning>> & { readonly other: Meaning };

/** The errno of the C call that was made last. Ask at once: the next call of anything may change it. */
export function lastErrno(): number {
  return loadKoffi().errno();
}

/** `EACCES` for 13. */
export function errnoName(errno: number): string {
  const name = errno > 0 ? getSystemErrorName(-errno) : '';
  return /^E[A-Z0-9]+$/.test(name) ? name : `error ${errno}`;
}

/** `what` failed with `errno`, e.g. `/dev/xen/gntdev: EACCES. Only root may open it.` */
export function cError(what: string, errno: number, meanings: Meanings): XenscopeError {
  const name = errnoName(errno);
  const { code, text, wayOut } = meanings[name] ?? meanings.other;
  const because = text === undefined ? '' : ` ${text}`;
  return new XenscopeError(code, `${what}: ${name}.${because}`, { wayOut, cause: { errno, name } });
}

/** Why a device under /dev/xen cannot be opened. */
export function deviceError(device: string, errno: number, module: string): XenscopeError {
  const asRoot = 'The server must run as root in domain 0: sudo xenscope serve --owner USER.';
  return cError(device, errno, {
    ENOENT: {
      code: 'unsupported',
      text: 'There is no such device: this machine is no Xen domain, or the kernel module is not loaded.',
      wayOut: `On a Xen host load it with: modprobe ${module}`,
    },
    EACCES: { code: 'refused', text: 'This user may not open it.', wayOut: asRoot },
    EPERM: { code: 'refused', text: 'This user may not open it.', wayOut: asRoot },
    EMFILE: { code: 'limit', text: 'This process has too many open files.', wayOut: 'Close other hosts.' },
    ENFILE: { code: 'limit', text: 'The system has too many open files.', wayOut: 'Close other programs.' },
    ENODEV: noDriver(module),
    ENXIO: noDriver(module),
    ENOMEM: { code: 'limit', text: 'The system has no memory left.', wayOut: 'End other programs.' },
    other: {
      code: 'unsupported',
      text: 'It cannot be opened.',
      wayOut: 'See the log of the kernel (dmesg).',
    },
  });
}

function noDriver(module: string): Meaning {
  return {
    code: 'unsupported',
    text: 'Nothing drives this device: this kernel does not run under Xen.',
    wayOut: `Boot this machine under Xen, or load the module: modprobe ${module}`,
  };
}
