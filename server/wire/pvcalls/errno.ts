/**
 * The numbers that PV Calls answers with, as Linux has them on x86: in `ret` of a response and in the error
 * words of a data ring they stand with a minus sign. The document of the protocol lists most of them; the
 * others are sent all the same, because a backend hands on what its own sockets answer.
 */

interface PvCallsErrorRow {
  readonly errno: number;
  /** What it means to whoever called, in a clause. */
  readonly text: string;
  /** Not in the list of the protocol's document. */
  readonly isUnlisted?: true;
}

const rows = {
  EPERM: { errno: 1, text: 'this may not be done' },
  ENOENT: { errno: 2, text: 'there is no such thing' },
  ESRCH: { errno: 3, text: 'there is no such process' },
  EINTR: { errno: 4, text: 'interrupted: another call waits at this socket already' },
  EIO: { errno: 5, text: 'input/output error' },
  ENXIO: { errno: 6, text: 'there is no such device' },
  E2BIG: { errno: 7, text: 'too many arguments' },
  ENOEXEC: { errno: 8, text: 'it cannot be run' },
  EBADF: { errno: 9, text: 'the socket was released' },
  ECHILD: { errno: 10, text: 'there is no child' },
  EAGAIN: { errno: 11, text: 'not now; try again' },
  ENOMEM: { errno: 12, text: 'no memory is left' },
  EACCES: { errno: 13, text: 'permission denied' },
  EFAULT: { errno: 14, text: 'the pages of the data ring cannot be mapped' },
  EBUSY: { errno: 16, text: 'it is in use' },
  EEXIST: { errno: 17, text: 'it exists already' },
  EXDEV: { errno: 18, text: 'it lies on another device' },
  ENODEV: { errno: 19, text: 'there is no such device' },
  EISDIR: { errno: 21, text: 'it is a directory' },
  EINVAL: { errno: 22, text: 'an argument makes no sense, or the socket is in no state for this' },
  ENFILE: { errno: 23, text: 'the system has no sockets left' },
  EMFILE: { errno: 24, text: 'no more sockets may be open' },
  ENOSPC: { errno: 28, text: 'no room is left' },
  EROFS: { errno: 30, text: 'it may only be read' },
  EMLINK: { errno: 31, text: 'too many links' },
  EPIPE: { errno: 32, text: 'nobody reads any more', isUnlisted: true },
  EDOM: { errno: 33, text: 'an argument is out of its domain' },
  ERANGE: { errno: 34, text: 'a result is out of range' },
  EDEADLK: { errno: 35, text: 'somebody would wait for ever' },
  ENAMETOOLONG: { errno: 36, text: 'a name is too long' },
  ENOLCK: { errno: 37, text: 'no locks are left' },
  ENOSYS: { errno: 38, text: 'there is no such function' },
  ENOTEMPTY: { errno: 39, text: 'it is not empty' },
  ENODATA: { errno: 61, text: 'there is no data' },
  ETIME: { errno: 62, text: 'a timer ran out' },
  EBADMSG: { errno: 74, text: 'a message is broken' },
  EOVERFLOW: { errno: 75, text: 'a value is too large' },
  EILSEQ: { errno: 84, text: 'a sequence of bytes is not allowed' },
  ERESTART: { errno: 85, text: 'interrupted; try again' },
  ENOTSOCK: { errno: 88, text: 'it is no socket' },
  EOPNOTSUPP: { errno: 95, text: 'this kind of socket cannot do it' },
  EAFNOSUPPORT: { errno: 97, text: 'this family of addresses is not supported' },
  EADDRINUSE: { errno: 98, text: 'the address is in use' },
  EADDRNOTAVAIL: { errno: 99, text: 'there is no such address here' },
  ENETUNREACH: { errno: 101, text: 'the network cannot be reached', isUnlisted: true },
  ECONNABORTED: { errno: 103, text: 'the connection was given up', isUnlisted: true },
  ECONNRESET: { errno: 104, text: 'the other side has reset the connection', isUnlisted: true },
  ENOBUFS: { errno: 105, text: 'no buffers are left' },
  EISCONN: { errno: 106, text: 'the socket is connected already' },
  ENOTCONN: { errno: 107, text: 'not connected; in a data ring: the other side has closed, in good order' },
  ETIMEDOUT: { errno: 110, text: 'nobody answered in time' },
  ECONNREFUSED: { errno: 111, text: 'nobody listens there', isUnlisted: true },
  EHOSTUNREACH: { errno: 113, text: 'the host cannot be reached', isUnlisted: true },
  /** The number inside the Linux kernel; POSIX programs know another one. */
  ENOTSUP: { errno: 524, text: 'this is not supported' },
} satisfies Record<string, PvCallsErrorRow>;

export type PvCallsErrorName = keyof typeof rows;

export const pvcallsErrors: Readonly<Record<PvCallsErrorName, PvCallsErrorRow>> = rows;

const namesByErrno = new Map(
  Object.entries(rows).map(([name, { errno }]) => [errno, name as PvCallsErrorName]),
);

/** As a response or an error word carries it: below zero. */
export function pvcallsRet(name: PvCallsErrorName): number {
  return -pvcallsErrors[name].errno;
}

/** The name of a `ret` or an error word; undefined for 0, for numbers above it, and for those nobody named. */
export function pvcallsErrorName(ret: number): PvCallsErrorName | undefined {
  return namesByErrno.get(-ret);
}

/** Whether an error of some system's own, e.g. `ECONNRESET` of Node, has a number here. */
export function isPvCallsErrorName(name: string): name is PvCallsErrorName {
  return Object.hasOwn(pvcallsErrors, name);
}
