/** A call of a socket that failed, with the number that travels over the ring. */
import { XenscopeError } from '../host/errors';
import type { XenscopeErrorOptions } from '../host/errors';
import { isPvCallsErrorName, pvcallsErrorName, pvcallsErrors, pvcallsRet } from '../wire/pvcalls/errno';
import type { PvCallsErrorName } from '../wire/pvcalls/errno';

export class SocketError extends XenscopeError {
  /** Negative, as in a response. */
  readonly ret: number;
  /** Undefined for a number that nobody named. */
  readonly errorName: PvCallsErrorName | undefined;

  constructor(ret: number, message: string, options: XenscopeErrorOptions = {}) {
    super('socket', message, options);
    this.name = 'SocketError';
    this.ret = ret;
    this.errorName = pvcallsErrorName(ret);
  }
}

/** `what` is a clause: `Connecting to 127.0.0.1:80 failed`. */
export function socketError(
  name: PvCallsErrorName,
  what: string,
  options: XenscopeErrorOptions = {},
): SocketError {
  return new SocketError(pvcallsRet(name), `${what}: ${pvcallsErrors[name].text} (${name}).`, options);
}

/** What the other side answered; also for numbers that make no sense. */
export function answeredError(ret: number, what: string): SocketError {
  const name = pvcallsErrorName(ret);
  if (name !== undefined) return socketError(name, what);
  return new SocketError(ret, `${what}: the other side answered ${ret}, which is no error that has a name.`);
}

/** The number for what a stream of Node failed with; EIO where it has none. */
export function retOf(error: unknown): number {
  if (error instanceof SocketError) return error.ret;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return pvcallsRet(typeof code === 'string' && isPvCallsErrorName(code) ? code : 'EIO');
}
