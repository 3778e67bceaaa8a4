/** WATCH, UNWATCH and RESET_WATCHES. */
import { domainPath, isSpecialPath } from '../../wire/xsPath';
import { XS_REL_PATH_MAX_BYTES } from '../../wire/xsMessage';
import { fail, Failure } from '../failure';
import type { Session } from '../session';
import { OK, absoluteText, nodePath, strings, type Outcome, type Request } from './request';

export function watch(session: Session, request: Request): Outcome {
  const parts = strings(request);
  if (parts.length !== 2) return fail.EINVAL;
  const [wanted, token] = parts as [string, string];
  const path = isSpecialPath(wanted) ? undefined : nodePath(session, wanted);
  if (path instanceof Failure) return path;
  if (!path && wanted.length > XS_REL_PATH_MAX_BYTES) return fail.EINVAL;
  const isRelative = path !== undefined && !wanted.startsWith('/');
  const refusal = session.addWatch({
    watcher: session,
    path,
    text: path?.text ?? wanted,
    token,
    prefixLength: isRelative ? domainPath(session.domid).length + 1 : 0,
    serial: session.core.watches.nextSerial(),
  });
  return refusal ?? OK;
}

export function unwatch(session: Session, request: Request): Outcome {
  const parts = strings(request);
  if (parts.length !== 2) return fail.EINVAL;
  const [wanted, token] = parts as [string, string];
  return session.removeWatch(absoluteText(session, wanted), token) ?? OK;
}

export function resetWatches(session: Session): Outcome {
  session.reset();
  return OK;
}
