/** How the verbs reach the xenstore: over a socket, or over the kernel's device, which may be named as well. */
import { statSync } from 'node:fs';
import { whenReadable } from '../../native/descriptors';
import { XenscopeError } from '../host/errors';
import type { Dial } from '../store/byteStream';
import { dialDevice } from '../store/client/deviceDial';
import { dialSocket } from '../store/client/socketDial';
import { findStore } from './socketPaths';

export function dialStore(named?: string): Dial {
  const place = findStore(named);
  const isDevice = statSync(place, { throwIfNoEntry: false })?.isCharacterDevice() ?? false;
  if (isDevice) return dialDevice(place, whenReadable);
  const dial = dialSocket(place);
  return (handlers) => dial(handlers).catch((error: unknown) => Promise.reject(sayingHow(error)));
}

/** How a person at a command line names another socket, or gets one, where nobody is at this one. */
function sayingHow(error: unknown): unknown {
  if (!(error instanceof XenscopeError)) return error;
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ECONNREFUSED') return error;
  return new XenscopeError(error.code, error.message, {
    cause: error.cause,
    wayOut:
      'Start a xenstored, or a simulated host with xenscope serve, which says its socket; and name it with --socket or XENSTORED_PATH.',
  });
}
