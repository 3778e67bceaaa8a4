/**
 * A logger for Xen's libraries that says nothing: by themselves they write each failure to standard
 * error, where it means nothing to a person who gets our sentence for it. One for the whole process,
 * because libraries keep it for as long as their handles live.
 */
import type { Pointer } from './koffi';
import type { XenLibraries } from './libraries/xenLibraries';
import { XTL_CRITICAL } from './libraries/tables/toolLog';

/** The functions stay with it: koffi unloads a library that nobody holds, and the logger points into it. */
let quiet: { readonly logger: Pointer | null; readonly holds: unknown } | undefined;

/** Null, the libraries' own logger, where libxentoollog cannot be had. */
export function quietLogger(libraries: XenLibraries): Pointer | null {
  if (!quiet?.logger) quiet = make(libraries);
  return quiet.logger;
}

function make(libraries: XenLibraries): NonNullable<typeof quiet> {
  if (libraries.state('toolLog').kind !== 'loaded') return { logger: null, holds: undefined };
  const nowhere = libraries.functions('libc').fopen('/dev/null', 'w');
  if (nowhere === null) return { logger: null, holds: undefined };
  const toolLog = libraries.functions('toolLog');
  return { logger: toolLog.xtl_createlogger_stdiostream(nowhere, XTL_CRITICAL, 0), holds: toolLog };
}
