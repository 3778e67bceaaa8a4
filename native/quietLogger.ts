/**
 * A logger for Xen's libraries that says nothing: by themselves they write each failure to standard
 * error, where it means nothing to a person who gets our sentence for it. One for the whole process,
 * because libraries keep it for as long as their handles live.
 */
import type { Pointer } from './koffi';
import type { XenLibraries } from './libraries/xenLibraries';
import { XTL_CRITICAL } from './libraries/tables/toolLog';

let quiet: Pointer | null | undefined;

/** Null, the libraries' own logger, where libxentoollog cannot be had. */
export function quietLogger(libraries: XenLibraries): Pointer | null {
  return (quiet ??= make(libraries));
}

function make(libraries: XenLibraries): Pointer | null {
  if (libraries.state('toolLog').kind !== 'loaded') return null;
  const nowhere = libraries.functions('libc').fopen('/dev/null', 'w');
  if (nowhere === null) return null;
  return libraries.functions('toolLog').xtl_createlogger_stdiostream(nowhere, XTL_CRITICAL, 0);
}
