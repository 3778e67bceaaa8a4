/** Introduction, release, resume and the like: what a toolstack tells the store of domains. */
import { domainPath } from '../../wire/xsPath';
import { FIRST_RESERVED_DOMID, PRIVILEGED_DOMID } from '../domains';
import { fail } from '../failure';
import type { Session } from '../session';
import { OK, domidFrom, onlyString, strings, type Outcome, type Request } from './request';

export function introduce({ core }: Session, request: Request): Outcome {
  const [domidText, gfnText, portText] = strings(request);
  if (portText === undefined) return fail.EINVAL;
  const domid = domidFrom(domidText!);
  const port = parseInt(portText, 10);
  if (domid === undefined || domid >= FIRST_RESERVED_DOMID || !(port > 0)) return fail.EINVAL;
  return core.introduce(domid, parseInt(gfnText!, 10) || 0, port) ? OK : fail.EINVAL;
}

export function release({ core }: Session, request: Request): Outcome {
  const domid = onlyDomid(request);
  if (domid === undefined || domid === PRIVILEGED_DOMID) return fail.EINVAL;
  const domain = core.domains.introduced(domid);
  if (!domain) return fail.ENOENT;
  core.release(domain);
  return OK;
}

export function resume({ core }: Session, request: Request): Outcome {
  const domid = onlyDomid(request);
  if (domid === undefined || domid === PRIVILEGED_DOMID) return fail.EINVAL;
  const domain = core.domains.introduced(domid);
  if (!domain) return fail.ENOENT;
  domain.shutdownReported = false;
  return OK;
}

export function setTarget({ core }: Session, request: Request): Outcome {
  const [domidText, targetText] = strings(request);
  if (targetText === undefined) return fail.EINVAL;
  const [domid, targetDomid] = [domidFrom(domidText!), domidFrom(targetText)];
  if (domid === undefined || targetDomid === undefined) return fail.EINVAL;
  const domain = core.domains.introduced(domid);
  if (!domain || !core.domains.introduced(targetDomid)) return fail.ENOENT;
  domain.targetDomid = targetDomid;
  return OK;
}

export function isDomainIntroduced({ core }: Session, request: Request): Outcome {
  const domid = onlyDomid(request);
  if (domid === undefined) return fail.EINVAL;
  return domid === FIRST_RESERVED_DOMID || core.domains.introduced(domid) ? 'T\0' : 'F\0';
}

export function getDomainPath(_session: Session, request: Request): Outcome {
  const domid = onlyDomid(request);
  return domid === undefined ? fail.EINVAL : `${domainPath(domid)}\0`;
}

function onlyDomid(request: Request): number | undefined {
  const text = onlyString(request);
  return text === undefined ? undefined : domidFrom(text);
}
