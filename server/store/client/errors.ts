/** The sentences of the store client, so that one mistake always reads the same. */
import { XenscopeError } from '../../host/errors';
import { parseXsError } from '../../wire/errno';
import { meaningOf, type Refused } from './refusals';

/** The store's answer to a request, e.g. to `read /a/b`, from the payload of an ERROR message. */
export function storeError(request: Refused & { readonly what: string }, payload: Buffer): XenscopeError {
  const { name, sent } = parseXsError(payload);
  const { clause, wayOut } = meaningOf(name, request);
  const shown = /^[A-Z0-9_]{1,32}$/.test(sent) ? sent : name;
  return new XenscopeError('store', `Cannot ${request.what}: ${clause} (${shown}).`, {
    storeError: name,
    wayOut,
  });
}

/** `reason` is a sentence, with the way out where there is one. */
export function away(what: string, reason: string): XenscopeError {
  return new XenscopeError('away', `Cannot ${what} now. ${reason}`);
}

export function interrupted(what: string, reason: string): XenscopeError {
  return new XenscopeError(
    'interrupted',
    `The connection ended while it was asked to ${what}; whether that took effect is unknown. ${reason}`,
  );
}

export function cancelled(what: string, cause?: unknown): XenscopeError {
  return new XenscopeError('cancelled', `Nobody waits any longer to ${what}.`, { cause });
}

export function protocolError(what: string, detail: string): XenscopeError {
  return new XenscopeError('protocol', `The xenstore broke the protocol when asked to ${what}: ${detail}.`);
}

/** Waits for `promise`, or rejects with `cancelled` as soon as the signal is aborted. */
export function orAborted<T>(promise: Promise<T>, what: string, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled(what, signal.reason));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
