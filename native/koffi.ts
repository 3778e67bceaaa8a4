/**
 * koffi, the bridge to C: loaded when it is first needed, because it is a native module and most
 * runs do without it.
 */
import type * as Koffi from 'koffi';
import { XenscopeError } from '../server/host/errors';

/** An address. C's NULL is null. */
export type Pointer = bigint;

let externalBuffers: boolean | undefined;

/** Throws a XenscopeError `unsupported` where it cannot be had. */
export function loadKoffi(): typeof Koffi {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- only when needed, and it may be missing
    return require('koffi/indirect') as typeof Koffi;
  } catch (error) {
    throw new XenscopeError('unsupported', 'The native part of this package (koffi) does not run here.', {
      cause: error,
      wayOut: 'Reinstall Xenscope for this platform; the simulator works without.',
    });
  }
}

/** Whether this runtime lets an ArrayBuffer lie over memory of C. Electron does not. */
export function hasExternalBuffers(): boolean {
  if (externalBuffers !== undefined) return externalBuffers;
  const koffi = loadKoffi();
  const memory = koffi.alloc('uint8_t', 8) as Pointer;
  try {
    // The view is not kept: nobody can look at it after the memory is given back.
    externalBuffers = koffi.view(memory, 8).byteLength === 8;
  } catch {
    externalBuffers = false;
  } finally {
    koffi.free(memory);
  }
  return externalBuffers;
}
