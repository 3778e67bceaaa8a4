import assert from 'node:assert/strict';
import { dispatch } from '../../../server/store/operations/table';
import { Asker, newCore } from '../askStore';

describe('operations', () => {
  it('answer ENOSYS to what they do not know, before they look at anything else', () => {
    const { session } = new Asker(newCore(), 1);
    for (const type of [15, 16, 20, 23, 24, 25, 26, 27, 255, 65535, 0xffffffff]) {
      const outcome = dispatch(session, type, 77, Buffer.alloc(0), 0, 0);
      assert.equal((outcome as { name?: string }).name, 'ENOSYS', `${type}`);
    }
  });

  it('survive a bug: the answer is EIO, its transaction ends, the log says where', () => {
    const log: string[] = [];
    const core = newCore({}, (line) => log.push(line));
    const [asker, other] = [new Asker(core), new Asker(core)];
    const id = asker.start();
    const { transaction } = asker.session;
    asker.session.transaction = (wanted) => {
      const found = transaction.call(asker.session, wanted);
      if (found) found.read = () => assert.fail('broken on purpose');
      return found;
    };
    assert.equal(asker.ask('READ', '/\0', id), 'EIO');
    assert.match(log[0]!, /^bug: operation 2 of domain 0 failed: .*broken on purpose/);
    assert.equal(asker.ask('READ', '/\0', id), 'ENOENT');
    assert.equal(other.ask('WRITE', '/a\0v'), 'OK\0');
    assert.equal(core.openTransactions, 0);
  });
});
