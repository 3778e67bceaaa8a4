/** Errors of ours, as a person would read them: a code, and a whole sentence. */
import assert from 'node:assert/strict';
import { XenscopeError } from '../../server/host/errors';
import type { XenscopeErrorCode } from '../../server/host/errors';

export function throwsCode(act: () => unknown, code: XenscopeErrorCode): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof XenscopeError, `not a XenscopeError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /^[A-Z/].*\.$/);
    return true;
  });
}
