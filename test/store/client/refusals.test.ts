import assert from 'node:assert/strict';
import { meaningOf } from '../../../server/store/client/refusals';
import { XsType, type XsTypeName } from '../../../server/wire/xsMessage';
import type { XsErrorName } from '../../../server/wire/errno';

const said = (name: XsErrorName, type: XsTypeName, payload = '', txId = 0): string => {
  const { clause, wayOut } = meaningOf(name, { type: XsType[type], payload: Buffer.from(payload), txId });
  return wayOut === undefined ? clause : `${clause}: ${wayOut}`;
};

describe('refusals in words', () => {
  it('say what is missing', () => {
    assert.equal(said('ENOENT', 'READ', '/a\0'), 'there is no such node');
    assert.equal(said('ENOENT', 'READ', '/a\0', 7), 'there is no such node, or the transaction has ended');
    assert.equal(said('ENOENT', 'RM', '/a/b\0'), 'neither the node nor the one above it exists');
    assert.equal(said('ENOENT', 'UNWATCH', '/a\0t\0'), 'there is no such watch');
    assert.equal(said('ENOENT', 'TRANSACTION_END', 'T\0', 7), 'there is no such transaction');
    assert.equal(said('ENOENT', 'RELEASE', '9\0'), 'no such domain is introduced');
    assert.equal(
      said('ENOENT', 'SET_PERMS', '/a\0n9\0'),
      'there is no such node, or no domain that is to own it',
    );
  });

  it('say which rule a path breaks, relative ones as well', () => {
    const noPath = 'this is no path that a store can have: ';
    const dot = 'A name in the store cannot contain a dot. Allowed are letters, digits and - _ @.';
    assert.equal(said('EINVAL', 'DIRECTORY', 'foo.bar\0'), noPath + dot);
    assert.equal(said('EINVAL', 'WRITE', '/a/b.c\0value'), noPath + dot);
    assert.equal(said('EINVAL', 'READ', '/a/\0'), `${noPath}The path "/a/" ends with a slash.`);
    assert.equal(said('EINVAL', 'READ', '\0'), `${noPath}The path is empty.`);
    assert.equal(said('EINVAL', 'RM', '/\0'), 'the root of the store stays');
    assert.equal(said('EINVAL', 'SET_PERMS', '/a\0q1\0'), 'one of the permissions makes no sense to it');
    assert.equal(said('EINVAL', 'WATCH', '@releaseDomain\0t\0x\0'), 'the request makes no sense to it');
  });

  it('say what there is too much of', () => {
    assert.equal(said('E2BIG', 'WATCH', '/a\0t\0'), 'there are as many watches as it allows');
    assert.equal(said('E2BIG', 'DIRECTORY', '/a\0'), 'the list is too long for one message');
    assert.equal(
      said('ENOSPC', 'TRANSACTION_START', '\0'),
      'there are as many open transactions as it allows',
    );
    assert.match(said('ENOSPC', 'WRITE', '/a\0v'), /quota/);
  });

  it('keep the words of the table where an error means one thing only', () => {
    assert.equal(said('EROFS', 'WRITE', '/a\0v'), 'the connection may only read');
    assert.equal(
      said('EAGAIN', 'TRANSACTION_END', 'T\0', 1).startsWith('another change came in between'),
      true,
    );
  });
});
