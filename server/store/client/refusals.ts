/**
 * What the store's answers mean for the operation that they answer. One name, say ENOENT, stands for
 * half a dozen things; a person reads the one that it is.
 */
import { xsErrors, type XsErrorName } from '../../wire/errno';
import { relativePathProblem } from '../../wire/pathProblem';
import { XsType } from '../../wire/xsMessage';

export interface Refused {
  readonly type: XsType;
  readonly payload: Buffer;
  /** 0 for none. */
  readonly txId: number;
}

export interface Meaning {
  /** A clause, as in "Cannot read /a: there is no such node". */
  readonly clause: string;
  /** One sentence or two, where there is something to do. */
  readonly wayOut?: string;
}

export function meaningOf(name: XsErrorName, request: Refused): Meaning {
  const clause = clauses[name]?.(request);
  if (clause !== undefined) return typeof clause === 'string' ? { clause } : clause;
  return { clause: xsErrors[name].text };
}

type Clause = (request: Refused) => string | Meaning | undefined;

const onDomains = new Set<XsType>([XsType.RELEASE, XsType.RESUME, XsType.SET_TARGET]);

const clauses: Partial<Record<XsErrorName, Clause>> = {
  ENOENT({ type, txId }) {
    if (type === XsType.TRANSACTION_END) return 'there is no such transaction';
    if (type === XsType.UNWATCH) return 'there is no such watch';
    if (onDomains.has(type)) return 'no such domain is introduced';
    const node = missingNode(type);
    return txId === 0 ? node : `${node}, or the transaction has ended`;
  },
  EINVAL(request) {
    const { type } = request;
    const problem = takesPath(type) ? relativePathProblem(firstString(request)) : undefined;
    const isWatchOfName = type === XsType.WATCH && firstString(request).startsWith('@');
    if (problem && !isWatchOfName) {
      return { clause: 'this is no path that a store can have', wayOut: problem };
    }
    if (type === XsType.RM && firstString(request) === '/') return 'the root of the store stays';
    if (type === XsType.SET_PERMS) return 'one of the permissions makes no sense to it';
    if (type === XsType.INTRODUCE)
      return 'the domain has no such page, or no such event channel for the store';
    if (type === XsType.CONTROL) return 'it knows no such command, or not with these words';
    return 'the request makes no sense to it';
  },
  EEXIST: ({ type }) => (type === XsType.WATCH ? 'it is watched already' : undefined),
  E2BIG: ({ type }) =>
    type === XsType.WATCH
      ? 'there are as many watches as it allows'
      : type === XsType.DIRECTORY
        ? 'the list is too long for one message'
        : 'it is too long',
  ENOSPC: ({ type }) =>
    type === XsType.TRANSACTION_START
      ? 'there are as many open transactions as it allows'
      : 'a quota is used up: of nodes, of the size of a node, or of the whole store',
  EBUSY: ({ type }) =>
    type === XsType.TRANSACTION_START ? 'a transaction cannot begin within another' : undefined,
  EPERM: ({ type }) =>
    type === XsType.SET_PERMS
      ? 'only a privileged domain may give a node away'
      : type === XsType.RESET_WATCHES
        ? 'on this connection it would end the watches of the kernel as well'
        : undefined,
};

function missingNode(type: XsType): string {
  if (type === XsType.RM) return 'neither the node nor the one above it exists';
  if (type === XsType.SET_PERMS) return 'there is no such node, or no domain that is to own it';
  return 'there is no such node';
}

const onPaths = new Set<XsType>([
  XsType.DIRECTORY,
  XsType.DIRECTORY_PART,
  XsType.READ,
  XsType.WRITE,
  XsType.MKDIR,
  XsType.RM,
  XsType.GET_PERMS,
  XsType.SET_PERMS,
  XsType.WATCH,
  XsType.UNWATCH,
]);

function takesPath(type: XsType): boolean {
  return onPaths.has(type);
}

function firstString({ payload }: Refused): string {
  const nul = payload.indexOf(0);
  return payload.toString('latin1', 0, nul < 0 ? payload.length : nul);
}
