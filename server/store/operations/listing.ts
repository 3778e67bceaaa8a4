/** DIRECTORY, and DIRECTORY_PART for what does not fit into one reply. */
import { XS_PAYLOAD_MAX_BYTES } from '../../wire/xsMessage';
import { PERM_READ, nodeFor } from '../access';
import { fail, Failure } from '../failure';
import type { Session } from '../session';
import { nodePath, onlyPath, strings, type Outcome, type Request } from './request';

export function directory(session: Session, request: Request): Outcome {
  const path = onlyPath(session, request);
  if (path instanceof Failure) return path;
  const node = nodeFor(request.view, session, path, PERM_READ);
  if (node instanceof Failure) return node;
  // Asked first, so that the long listing of a big directory is not put together for nothing.
  return node.children.bytes > XS_PAYLOAD_MAX_BYTES ? fail.E2BIG : node.children.listing();
}

export function directoryPart(session: Session, request: Request): Outcome {
  const parts = strings(request);
  if (parts.length !== 2) return fail.EINVAL;
  const [text, offsetText] = parts as [string, string];
  const path = nodePath(session, text);
  if (path instanceof Failure) return path;
  const node = nodeFor(request.view, session, path, PERM_READ);
  if (node instanceof Failure) return node;
  const { children, generation } = node;
  const offset = leadingNumber(offsetText);
  const head = `${generation}\0`;
  if (offset < 0 || offset >= children.bytes) return `${head}\0`;
  // One byte stays free for the NUL that says that the list ends here.
  const part = children.listingPart(offset, XS_PAYLOAD_MAX_BYTES - head.length - 1);
  return offset + part.length === children.bytes ? `${head}${part}\0` : head + part;
}

/** As atoi reads it: 0 where there is no number. */
function leadingNumber(text: string): number {
  const number = parseInt(text, 10);
  return Number.isNaN(number) ? 0 : number;
}
