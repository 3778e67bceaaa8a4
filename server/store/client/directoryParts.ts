/**
 * Lists a directory whose names do not fit in one reply: DIRECTORY_PART answers the generation of
 * the node and whole names from a byte offset on; an empty name ends the list.
 */
import { isStoreError, XenscopeError } from '../../host/errors';
import type { RequestOptions } from '../../host/storeClient';
import { XsType } from '../../wire/xsMessage';
import { protocolError } from './errors';
import type { Ask } from './operations';
import { splitStrings, strings } from './payload';

/** A directory that changes under every listing is given up after so many new starts. */
const MAX_RESTARTS = 50;
/** More than any xenstore holds below one node. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;

/** `tooBig` is the E2BIG that led here: the answer of a server that has no DIRECTORY_PART. */
export async function listInParts(
  ask: Ask,
  path: string,
  tooBig: XenscopeError,
  options?: RequestOptions,
): Promise<string[]> {
  const what = `list ${path}`;
  let parts: Buffer[] = [];
  let offset = 0;
  let generation: string | undefined;
  let restarts = 0;
  for (;;) {
    const payload = strings(what, path, String(offset));
    const reply = await ask({ type: XsType.DIRECTORY_PART, payload, what }, options).catch(
      (error: unknown) => {
        throw isStoreError(error, 'ENOSYS') ? tooBig : error;
      },
    );
    const nul = reply.indexOf(0);
    const part = reply.subarray(nul + 1);
    if (nul < 1 || part.length === 0) throw protocolError(what, 'a part of the list holds nothing');
    const partGeneration = reply.toString('latin1', 0, nul);
    if (generation !== undefined && partGeneration !== generation) {
      if (++restarts > MAX_RESTARTS) {
        throw new XenscopeError('limit', `Cannot ${what}: it changes faster than it can be listed.`, {
          wayOut: 'Try again when fewer children come and go.',
        });
      }
      generation = undefined;
      parts = [];
      offset = 0;
      continue;
    }
    generation = partGeneration;
    parts.push(part);
    offset += part.length;
    const isLast = part.at(-1) === 0 && (part.length === 1 || part.at(-2) === 0);
    if (isLast) return splitStrings(Buffer.concat(parts).subarray(0, -1));
    if (offset > MAX_LIST_BYTES) throw protocolError(what, 'the list does not end');
  }
}
