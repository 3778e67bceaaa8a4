/** Which operation does what, and who may ask for it. A type without an entry is answered with ENOSYS. */
import { XsType } from '../../wire/xsMessage';
import { fail } from '../failure';
import type { Session } from '../session';
import { control } from './control';
import { getDomainPath, introduce, isDomainIntroduced, release, resume, setTarget } from './domains';
import { directory, directoryPart } from './listing';
import { mkdir, read, rm, write } from './nodes';
import { getPerms, setPerms } from './permissions';
import type { Handler, Outcome, Request } from './request';
import { transactionEnd, transactionStart } from './transactions';
import { resetWatches, unwatch, watch } from './watching';

interface Operation {
  readonly run: Handler;
  readonly privileged: boolean;
  /** The transaction id of the request means nothing. */
  readonly ignoresTransaction: boolean;
}

const forAll = (run: Handler): Operation => ({ run, privileged: false, ignoresTransaction: false });
const outsideTransactions = (run: Handler): Operation => ({
  run,
  privileged: false,
  ignoresTransaction: true,
});
const forPrivileged = (run: Handler): Operation => ({ run, privileged: true, ignoresTransaction: false });

const operations: (Operation | undefined)[] = [];
operations[XsType.CONTROL] = forPrivileged(control);
operations[XsType.DIRECTORY] = forAll(directory);
operations[XsType.READ] = forAll(read);
operations[XsType.GET_PERMS] = forAll(getPerms);
operations[XsType.WATCH] = outsideTransactions(watch);
operations[XsType.UNWATCH] = outsideTransactions(unwatch);
operations[XsType.TRANSACTION_START] = forAll(transactionStart);
operations[XsType.TRANSACTION_END] = forAll(transactionEnd);
operations[XsType.INTRODUCE] = forPrivileged(introduce);
operations[XsType.RELEASE] = forPrivileged(release);
operations[XsType.GET_DOMAIN_PATH] = forAll(getDomainPath);
operations[XsType.WRITE] = forAll(write);
operations[XsType.MKDIR] = forAll(mkdir);
operations[XsType.RM] = forAll(rm);
operations[XsType.SET_PERMS] = forAll(setPerms);
operations[XsType.IS_DOMAIN_INTRODUCED] = forPrivileged(isDomainIntroduced);
operations[XsType.RESUME] = forPrivileged(resume);
operations[XsType.SET_TARGET] = forPrivileged(setTarget);
operations[XsType.RESET_WATCHES] = forAll(resetWatches);
operations[XsType.DIRECTORY_PART] = forAll(directoryPart);

/** Does what a request asks for, at once and whole. */
export function dispatch(
  session: Session,
  type: number,
  txId: number,
  bytes: Buffer,
  start: number,
  end: number,
): Outcome {
  const operation = operations[type];
  if (!operation) return fail.ENOSYS;
  if (operation.privileged && !session.privileged) return fail.EACCES;
  const { store, writeRate } = session.core;
  const writesBefore = store.writes;
  let view: Request['view'] = store;
  if (txId !== 0 && !operation.ignoresTransaction) {
    const transaction = session.transaction(txId);
    if (!transaction) return fail.ENOENT;
    view = transaction;
  }
  try {
    const outcome = operation.run(session, { type, txId, bytes, start, end, view });
    if (!session.privileged && store.writes > writesBefore) {
      writeRate.pay(session, store.writes - writesBefore);
    }
    return outcome;
  } catch (error) {
    return bug(session, type, txId, error);
  }
}

/**
 * No request should come here. If one does, the others must not go down with it: the tree is replaced
 * whole or not at all, so only the transaction may be half done, and that is dropped.
 */
function bug(session: Session, type: number, txId: number, error: unknown): Outcome {
  const trace = error instanceof Error ? error.stack : String(error);
  session.core.log(`bug: operation ${type} of domain ${session.domid} failed: ${trace}`);
  session.endTransaction(txId);
  return fail.EIO;
}
