/**
 * Transactions: START, the caller's operations, END. A commit that meets a conflict is answered
 * EAGAIN and the whole body runs again on a new transaction; each conflict means that somebody else
 * got on, so a short growing pause is all the politeness that is needed.
 */
import { isStoreError, XenscopeError } from '../../host/errors';
import { sleep } from '../../host/clock';
import type { Clock, Random } from '../../host/clock';
import type { StoreOperations, TransactionOptions } from '../../host/storeClient';
import { XsType } from '../../wire/xsMessage';
import type { StoreConnection } from './connection';
import { cancelled, protocolError } from './errors';
import { Operations } from './operations';

export const DEFAULT_ATTEMPTS = 20;
const MAX_PAUSE_MS = 64;

export interface TransactionContext {
  readonly clock: Clock;
  readonly random?: Random;
  connection(what: string): Promise<StoreConnection>;
}

export async function runTransaction<T>(
  context: TransactionContext,
  body: (transaction: StoreOperations) => Promise<T>,
  { attempts = DEFAULT_ATTEMPTS, signal }: TransactionOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal);
    try {
      return await attemptTransaction(context, body, signal);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (attempt >= attempts) throw error.answer;
    }
    // The first repetition is at once: most conflicts are over when they are reported.
    if (attempt > 1) await pause(context, attempt, signal);
  }
}

/** Marks the EAGAIN of a commit, so that one thrown by the body is not mistaken for it. */
class Conflict extends Error {
  constructor(readonly answer: XenscopeError) {
    super(answer.message);
  }
}

async function attemptTransaction<T>(
  context: TransactionContext,
  body: (transaction: StoreOperations) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const connection = await context.connection('start a transaction');
  const txId = await start(connection);
  const end = (letter: 'T' | 'F', what: string) =>
    connection.request({ type: XsType.TRANSACTION_END, payload: Buffer.from(`${letter}\0`), txId, what });
  let isOver = false;
  // Bound to the connection: after a reconnect the id would mean nothing, or another transaction.
  const operations = new Operations((request, options) => {
    if (isOver) {
      return Promise.reject(
        new XenscopeError('input', `Cannot ${request.what}: its transaction has ended already.`),
      );
    }
    return connection.request({ ...request, txId }, options?.signal ?? signal);
  });
  let result: T;
  try {
    // The start is not cancelled by the signal: its id must be known to be given back.
    throwIfAborted(signal);
    result = await body(operations);
    throwIfAborted(signal);
  } catch (error) {
    isOver = true;
    // What went wrong is in `error`; an abort that fails as well means the transaction is gone.
    await end('F', 'abort a transaction').catch(() => undefined);
    throw error;
  }
  isOver = true;
  try {
    await end('T', 'commit a transaction');
  } catch (error) {
    throw isStoreError(error, 'EAGAIN') ? new Conflict(error) : error;
  }
  return result;
}

async function start(connection: StoreConnection): Promise<number> {
  const what = 'start a transaction';
  const request = { type: XsType.TRANSACTION_START, payload: Buffer.from('\0'), txId: 0, what };
  const text = (await connection.request(request)).toString('latin1').replace(/\0$/, '');
  const txId = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  if (txId === 0 || txId > 0xffff_ffff) throw protocolError(what, 'the reply holds no transaction id');
  return txId;
}

async function pause({ clock, random }: TransactionContext, attempt: number, signal?: AbortSignal) {
  const fullMs = Math.min(2 ** (attempt - 1), MAX_PAUSE_MS);
  const delayMs = random ? fullMs * (0.5 + random.next() / 2) : fullMs;
  await sleep(clock, delayMs, signal).catch(() => throwIfAborted(signal));
}

function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw cancelled('finish the transaction', signal.reason);
}
