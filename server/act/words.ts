/** Refusals that several acts share. */
import { XenscopeError } from '../host/errors';

/** Taking back would overwrite what somebody else has done meanwhile. */
export function changedSince(what: string): XenscopeError {
  return new XenscopeError('refused', `${what}; taking back would destroy that.`, {
    wayOut: 'Change it by hand if you mean to.',
  });
}
