/** What a device answers, and how our errors look to a program: as the errno that Linux would give. */
import { XenscopeError } from '../../host/errors';
import type { XenscopeErrorCode } from '../../host/errors';
import { GuestErrno } from '../../wire/guestSocket';
import type { GuestReply } from '../../wire/guestSocket';

const errnos: Partial<Record<XenscopeErrorCode, number>> = {
  notOurs: GuestErrno.EINVAL,
  input: GuestErrno.EINVAL,
  refused: GuestErrno.EACCES,
  limit: GuestErrno.ENOSPC,
  busy: GuestErrno.EBUSY,
  gone: GuestErrno.ENODEV,
  unsupported: GuestErrno.EOPNOTSUPP,
};

export function done(result = 0, payload?: Buffer): GuestReply {
  return payload ? { result, payload } : { result };
}

/** `sentence` for whoever joins; devices answer an errno and nothing else. */
export function refusal(errno: keyof typeof GuestErrno, sentence = ''): GuestReply {
  return { result: -GuestErrno[errno], payload: Buffer.from(sentence) };
}

/** The answer to a request that threw. What is not an expected failure is thrown on: a mistake of ours. */
export function replyTo(error: unknown): GuestReply {
  if (error instanceof RangeError) return { result: -GuestErrno.EINVAL };
  if (!(error instanceof XenscopeError)) throw error;
  const wayOut = error.wayOut === undefined ? '' : ` ${error.wayOut}`;
  const errno = errnos[error.code] ?? GuestErrno.EIO;
  return { result: -errno, payload: Buffer.from(`${error.message}${wayOut}`) };
}
