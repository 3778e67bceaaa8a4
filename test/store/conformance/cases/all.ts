import type { ConformanceCase } from '../conformance';
import { conflictCases } from './conflicts';
import { domainCases } from './domains';
import { errorCases } from './errors';
import { eventCases } from './events';
import { framingCases } from './framing';
import { pathCases } from './paths';
import { permissionCases } from './permissions';
import { quotaCases } from './quotas';
import { transactionCases } from './transactions';
import { treeCases } from './tree';
import { watchCases } from './watches';

/** By the name of the file that holds them. */
export const families: Readonly<Record<string, readonly ConformanceCase[]>> = {
  framing: framingCases,
  paths: pathCases,
  tree: treeCases,
  permissions: permissionCases,
  watches: watchCases,
  events: eventCases,
  transactions: transactionCases,
  conflicts: conflictCases,
  domains: domainCases,
  errors: errorCases,
  quotas: quotaCases,
};
