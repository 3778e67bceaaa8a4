/**
 * Error names on the xenstore wire (`xsd_errors` of xen/include/public/io/xs_wire.h) with the
 * Linux errno values and what each one means to a person who talks to a xenstore.
 */

export const xsErrors = {
  EINVAL: { errno: 22, text: 'the request is malformed, or a path breaks the rules' },
  EACCES: { errno: 13, text: 'permission denied' },
  EEXIST: { errno: 17, text: 'it exists already' },
  EISDIR: { errno: 21, text: 'it is a directory' },
  ENOENT: { errno: 2, text: 'there is no such node, transaction or watch' },
  ENOMEM: { errno: 12, text: 'the store is out of memory, or the domain holds all that it may' },
  ENOSPC: { errno: 28, text: 'a quota of the domain is used up' },
  EIO: { errno: 5, text: 'input/output error' },
  ENOTEMPTY: { errno: 39, text: 'the directory is not empty' },
  ENOSYS: { errno: 38, text: 'the store does not know this operation' },
  EROFS: { errno: 30, text: 'the connection may only read' },
  EBUSY: { errno: 16, text: 'it is in use' },
  EAGAIN: { errno: 11, text: 'another change came in between; try the transaction again' },
  EISCONN: { errno: 106, text: 'it is connected already' },
  E2BIG: { errno: 7, text: 'the reply, or the number of watches, is over the limit' },
  EPERM: { errno: 1, text: 'only a privileged domain may do this' },
  /** Not in the table of xs_wire.h, yet sent by oxenstored. */
  EQUOTA: { errno: 122, text: 'a quota of the domain is used up' },
} as const;

export type XsErrorName = keyof typeof xsErrors;

/**
 * The name in the payload of an ERROR message. A name outside the table becomes EINVAL, as in
 * libxenstore; `sent` keeps what was on the wire.
 */
export function parseXsError(payload: Buffer): { name: XsErrorName; sent: string } {
  const nul = payload.indexOf(0);
  const sent = payload.toString('latin1', 0, nul < 0 ? payload.length : nul);
  return { name: Object.hasOwn(xsErrors, sent) ? (sent as XsErrorName) : 'EINVAL', sent };
}
