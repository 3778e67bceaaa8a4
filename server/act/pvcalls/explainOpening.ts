/** Why a device could not be made: one sentence, and what to do about it. */
import { XenscopeError } from '../../host/errors';
import type { ComposerNames } from './composerWords';

export function explainOpening(error: unknown, { own, backend }: ComposerNames): XenscopeError {
  if (!(error instanceof XenscopeError)) {
    const text = error instanceof Error ? error.message : String(error);
    return new XenscopeError('protocol', `Making the device met a mistake of Xenscope: ${text}`, {
      cause: error,
    });
  }
  if (error.storeError === 'EACCES' || error.storeError === 'EPERM') {
    return new XenscopeError(
      error.code,
      `The store does not let us write the nodes of a device between ${own} and ${backend}.`,
      {
        storeError: error.storeError,
        wayOut: 'Only a toolstack may: Xenscope must run in domain 0, as a user who may write everywhere.',
        cause: error,
      },
    );
  }
  if (error.storeError === 'ENOSPC' || error.storeError === 'EQUOTA') {
    return new XenscopeError(error.code, `${own} has used up its quota in the xenstore.`, {
      storeError: error.storeError,
      wayOut: 'Remove nodes that are no longer needed.',
      cause: error,
    });
  }
  return error;
}
