/** TRANSACTION_START and TRANSACTION_END. */
import { fail, Failure } from '../failure';
import type { Session } from '../session';
import type { Transaction } from '../view/transaction';
import { OK, onlyString, type Outcome, type Request } from './request';

export function transactionStart(session: Session, request: Request): Outcome {
  if (request.txId !== 0) return fail.EBUSY;
  const id = session.startTransaction();
  return id instanceof Failure ? id : `${id}\0`;
}

export function transactionEnd(session: Session, request: Request): Outcome {
  const answer = onlyString(request);
  if (answer !== 'T' && answer !== 'F') return fail.EINVAL;
  const transaction = session.transaction(request.txId);
  if (!transaction) return fail.ENOENT;
  const refusal = answer === 'T' ? commit(session, transaction) : undefined;
  session.endTransaction(request.txId);
  return refusal ?? OK;
}

function commit(session: Session, transaction: Transaction): Failure | undefined {
  // Even if it is in vain: who tries again and again is to be slowed down as well.
  if (!session.privileged) session.core.writeRate.pay(session, 1);
  if (transaction.conflicts) return fail.EAGAIN;
  const { maxNodes } = session.core.quotas;
  if (!session.privileged && maxNodes > 0) {
    for (const domid of transaction.grownOwners()) {
      if (transaction.ownedBy(domid) > maxNodes) return fail.ENOSPC;
    }
  }
  transaction.commit();
  return undefined;
}
