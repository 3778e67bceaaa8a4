/**
 * The one place where errors that a person may see are defined: a stable code, what is wrong, and
 * what to do about it. Expected failures are values of XenscopeError; anything else is a bug.
 */
import type { XsErrorName } from '../wire/errno';

export type XenscopeErrorCode =
  /** The store answered with an error; `storeError` names it. */
  | 'store'
  /** The store cannot be reached now. */
  | 'away'
  /** The connection ended while a request was under way: whether it took effect is unknown. */
  | 'interrupted'
  /** The other side broke the protocol. */
  | 'protocol'
  /** What was asked makes no sense: a malformed path, permission or number. */
  | 'input'
  /** The guard refuses; `wayOut` says how to insist. */
  | 'refused'
  /** Somebody else changed it since the person looked; nothing was done. */
  | 'overtaken'
  /** Somebody no longer wants the answer. */
  | 'cancelled'
  /** A limit of ours was reached; the message names it. */
  | 'limit'
  /** It cannot be done while somebody still uses it, e.g. a grant that is mapped. */
  | 'busy'
  /** What is used was taken away: memory that was unmapped, a port that was closed, a domain that died. */
  | 'gone'
  /** There is no such grant or event channel, or it is not for us. */
  | 'notOurs'
  /** A call of a socket was answered with an error; SocketError has its number. */
  | 'socket'
  /** The host has no such thing, e.g. world control on a real host. */
  | 'unsupported';

export interface XenscopeErrorOptions {
  readonly storeError?: XsErrorName;
  /** One sentence: what the person can do. */
  readonly wayOut?: string;
  readonly cause?: unknown;
}

export class XenscopeError extends Error {
  readonly code: XenscopeErrorCode;
  readonly storeError: XsErrorName | undefined;
  readonly wayOut: string | undefined;

  constructor(code: XenscopeErrorCode, message: string, options: XenscopeErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'XenscopeError';
    this.code = code;
    this.storeError = options.storeError;
    this.wayOut = options.wayOut;
  }
}

/** Whether `error` is the store's answer `name`, e.g. ENOENT. */
export function isStoreError(error: unknown, name: XsErrorName): error is XenscopeError {
  return error instanceof XenscopeError && error.storeError === name;
}
