/** READ, WRITE, MKDIR and RM: docs/misc/xenstore.txt, "Database read, write and permissions operations". */
import { PERM_READ, PERM_WRITE, createNode, hasRoomFor, isTooBig, nodeFor } from '../access';
import { fail, Failure } from '../failure';
import { nodeBytes } from '../tree/nodeBytes';
import { StoreNode } from '../tree/storeTree';
import { OK, nodePath, onlyPath, stringAndRest, type Outcome, type Request } from './request';
import type { Session } from '../session';

export function read(session: Session, request: Request): Outcome {
  const path = onlyPath(session, request);
  if (path instanceof Failure) return path;
  const node = nodeFor(request.view, session, path, PERM_READ);
  return node instanceof Failure ? node : node.value;
}

export function write(session: Session, request: Request): Outcome {
  const parts = stringAndRest(request);
  if (!parts) return fail.EINVAL;
  const [text, value] = parts;
  const path = nodePath(session, text);
  if (path instanceof Failure) return path;
  const { view } = request;
  const { quotas } = session.core;
  const node = nodeFor(view, session, path, PERM_WRITE);
  if (node instanceof StoreNode) {
    const bytes = nodeBytes(value, node.perms, node.children.bytes);
    if (!session.privileged) {
      if (isTooBig(bytes, quotas)) return fail.ENOSPC;
      if (!hasRoomFor(view, node.perms, value.length - node.value.length)) return fail.ENOMEM;
    }
    const refusal = view.roomToReplace(path, value, node.perms);
    if (refusal) return refusal;
    view.replace(path, value, node.perms);
  } else {
    if (node !== fail.ENOENT) return node;
    const refusal = createNode(view, session, path, value, quotas);
    if (refusal) return refusal;
  }
  view.changed(path);
  return OK;
}

export function mkdir(session: Session, request: Request): Outcome {
  const path = onlyPath(session, request);
  if (path instanceof Failure) return path;
  const { view } = request;
  const node = nodeFor(view, session, path, PERM_WRITE);
  if (node instanceof StoreNode) return OK;
  if (node !== fail.ENOENT) return node;
  const refusal = createNode(view, session, path, '', session.core.quotas);
  if (refusal) return refusal;
  view.changed(path);
  return OK;
}

export function rm(session: Session, request: Request): Outcome {
  const path = onlyPath(session, request);
  if (path instanceof Failure) return path;
  const { view } = request;
  const node = nodeFor(view, session, path, PERM_WRITE);
  if (node instanceof Failure) {
    // What is not there need not be removed, if only its directory is there.
    if (node !== fail.ENOENT) return node;
    const parent = view.read(path.parent);
    return parent instanceof Failure ? parent : OK;
  }
  if (path.depth === 0) return fail.EINVAL;
  return view.removeTree(path) ?? OK;
}
