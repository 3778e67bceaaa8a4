/** GET_PERMS and SET_PERMS, of nodes and of the special names. */
import { isSpecialPath } from '../../wire/xsPath';
import { PERM_READ, PERM_WRITE, hasRoomFor, isTooBig, nodeFor } from '../access';
import { fail, Failure } from '../failure';
import { bytesOfNode, nodeBytes } from '../tree/nodeBytes';
import { OWNS, parsePermList } from '../permissions/permList';
import type { Session } from '../session';
import { OK, nodePath, onlyString, strings, type Outcome, type Request } from './request';

export function getPerms(session: Session, request: Request): Outcome {
  const text = onlyString(request);
  if (text === undefined) return fail.EINVAL;
  const special = isSpecialPath(text) ? session.core.specialPerms.get(text) : undefined;
  if (special) return special.accessOf(session) & PERM_READ ? special.text : fail.EACCES;
  const path = nodePath(session, text);
  if (path instanceof Failure) return path;
  const node = nodeFor(request.view, session, path, PERM_READ);
  return node instanceof Failure ? node : node.perms.text;
}

export function setPerms(session: Session, request: Request): Outcome {
  const parts = strings(request);
  if (parts.length < 2) return fail.EINVAL;
  const [text, ...entries] = parts as [string, ...string[]];
  const { quotas, domains } = session.core;
  const { maxPermsPerNode } = quotas;
  if (!session.privileged && maxPermsPerNode > 0 && entries.length > maxPermsPerNode) return fail.ENOSPC;
  const perms = parsePermList(entries, (domid) => domains.exists(domid));
  if (!perms) return fail.EINVAL;
  if (perms.entries[0]!.ignored) return fail.ENOENT;
  if (isSpecialPath(text)) return setSpecialPerms(session, text, perms);

  const path = nodePath(session, text);
  if (path instanceof Failure) return path;
  const { view } = request;
  const node = nodeFor(view, session, path, PERM_WRITE | OWNS);
  if (node instanceof Failure) return node;
  if (!session.privileged) {
    if (perms.ownerDomid !== node.perms.ownerDomid) return fail.EPERM;
    const bytes = nodeBytes(node.value, perms, node.children.bytes);
    if (isTooBig(bytes, quotas)) return fail.ENOSPC;
    if (!hasRoomFor(view, perms, bytes - bytesOfNode(node))) return fail.ENOMEM;
  }
  const refusal = view.roomToReplace(path, node.value, perms);
  if (refusal) return refusal;
  view.replace(path, node.value, perms);
  view.changed(path, node.perms);
  return OK;
}

function setSpecialPerms(
  session: Session,
  name: string,
  perms: NonNullable<ReturnType<typeof parsePermList>>,
): Outcome {
  const { specialPerms } = session.core;
  const old = specialPerms.get(name);
  if (!old) return fail.EINVAL;
  if (!(old.accessOf(session) & OWNS)) return fail.EACCES;
  if (!session.privileged && perms.ownerDomid !== old.ownerDomid) return fail.EPERM;
  specialPerms.set(name, perms);
  return OK;
}
