/** A node that is not there is no failure for whoever asks what is there now. */
import { isStoreError } from '../host/errors';

export async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isStoreError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
