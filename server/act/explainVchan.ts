/** Why an end of a vchan could not be opened, step by step: one sentence, and what to do about it. */
import { XenscopeError, isStoreError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import type { NameDomain } from '../model/meaning';
import { VCHAN_RING_REF } from '../wire/vchanPath';
import { absolutePath } from './vchanGuard';
import type { VchanPlan } from './vchanPlan';

export interface VchanContext {
  /** Sees more than the end itself may, on a simulated host. */
  readonly store: StoreClient;
  readonly nameDomain: NameDomain;
  readonly ownDomid: number;
}

export async function explainVchan(
  error: unknown,
  plan: VchanPlan,
  context: VchanContext,
): Promise<XenscopeError> {
  if (!(error instanceof XenscopeError)) {
    const text = error instanceof Error ? error.message : String(error);
    return new XenscopeError('protocol', `Opening it met a mistake of Xenscope: ${text}`, { cause: error });
  }
  const isClient = plan.role === 'client';
  if (error.code === 'notOurs' && isClient) {
    return told(
      error,
      'What is offered there is of a server that has ended, or was never for us.',
      error.message,
    );
  }
  if (isClient && (isStoreError(error, 'EACCES') || isStoreError(error, 'ENOENT'))) {
    return (await whoMayRead(error, plan, context)) ?? error;
  }
  if (!isClient && (isStoreError(error, 'EACCES') || isStoreError(error, 'EPERM'))) {
    const own = context.nameDomain(context.ownDomid);
    const base = absolutePath(plan.path, context.ownDomid);
    return told(
      error,
      `The store does not let ${own} write to ${base}.`,
      `A domain may write below its own ${absolutePath('data', context.ownDomid)}.`,
    );
  }
  if (isStoreError(error, 'ENOSPC') || isStoreError(error, 'EQUOTA')) {
    const own = context.nameDomain(context.ownDomid);
    return told(
      error,
      `${own} has used up its quota in the xenstore.`,
      'Remove nodes that are no longer needed.',
    );
  }
  return error;
}

/** An unprivileged store says neither that there is no node nor whom it is for; we can look. */
async function whoMayRead(
  error: XenscopeError,
  plan: VchanPlan,
  { store, nameDomain, ownDomid }: VchanContext,
): Promise<XenscopeError | undefined> {
  const base = absolutePath(plan.path, ownDomid);
  try {
    const [owner, ...others] = await store.getPerms(`${base}/${VCHAN_RING_REF}`);
    const readers = others.filter(({ read }) => read).map(({ domid }) => nameDomain(domid));
    return told(
      error,
      `The vchan at ${base} is not for ${nameDomain(ownDomid)}: ${readers.join(', ') || 'nobody'} may read its nodes.`,
      `They belong to ${nameDomain(owner!.domid)}; offer it to this domain, or connect as the other one.`,
    );
  } catch (failure) {
    if (!isStoreError(failure, 'ENOENT')) return undefined;
    return told(
      error,
      `No vchan is offered at ${base}: there is no such node.`,
      'Start the server first, or wait for it.',
    );
  }
}

function told(cause: XenscopeError, text: string, wayOut: string): XenscopeError {
  const { code, storeError } = cause;
  return new XenscopeError(code, text, { wayOut, cause, ...(storeError !== undefined && { storeError }) });
}
