/** How the verbs reach the xenstore: over a socket, or over the kernel's device, which may be named as well. */
import { statSync } from 'node:fs';
import { whenReadable } from '../../native/descriptors';
import type { Dial } from '../store/byteStream';
import { dialDevice } from '../store/client/deviceDial';
import { dialSocket } from '../store/client/socketDial';
import { findStore } from './socketPaths';

export function dialStore(named?: string): Dial {
  const place = findStore(named);
  const isDevice = statSync(place, { throwIfNoEntry: false })?.isCharacterDevice() ?? false;
  return isDevice ? dialDevice(place, whenReadable) : dialSocket(place);
}
