import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance';

export const transactionCases: ConformanceCase[] = [
  {
    id: 49,
    behaviour: 'TRANSACTION_START inside a transaction is EBUSY, with an unknown id ENOENT',
    async run(target) {
      const dom0 = await target.dom0();
      const txId = await dom0.begin();
      assert.equal(await dom0.ask('TRANSACTION_START', '|', txId), 'ERROR EBUSY');
      assert.equal(await dom0.ask('TRANSACTION_START', '|', txId + 1000), 'ERROR ENOENT');
      assert.equal(await dom0.commit(txId), 'OK');
    },
  },
  {
    id: 50,
    behaviour: 'a transaction is known on its own connection only',
    async run(target) {
      const dom0 = await target.dom0();
      const other = await target.dom0();
      const txId = await dom0.begin();
      assert.equal(await other.ask('READ', '/tool/xenstored|', txId), 'ERROR ENOENT');
      assert.equal(await other.commit(txId), 'ERROR ENOENT');
      assert.equal(await dom0.ask('READ', '/tool/xenstored|', txId), '');
      assert.equal(await dom0.commit(txId), 'OK');
    },
  },
  {
    id: 51,
    behaviour: 'changes show inside at once, outside with the commit',
    async run(target) {
      const dom0 = await target.dom0();
      const other = await target.dom0();
      await dom0.ok('WRITE', '/t/old|before');
      const txId = await dom0.begin();
      await dom0.ok('WRITE', '/t/old|after', txId);
      await dom0.ok('WRITE', '/t/new|value', txId);
      assert.equal(await dom0.ask('READ', '/t/old|', txId), 'after');
      assert.equal(await dom0.ask('DIRECTORY', '/t|', txId), 'old|new|');
      for (const outside of [dom0, other]) {
        assert.equal(await outside.ask('READ', '/t/old|'), 'before');
        assert.equal(await outside.ask('READ', '/t/new|'), 'ERROR ENOENT');
        assert.equal(await outside.ask('DIRECTORY', '/t|'), 'old|');
      }
      assert.equal(await dom0.commit(txId), 'OK');
      assert.equal(await other.ask('READ', '/t/old|'), 'after');
      assert.equal(await other.ask('DIRECTORY', '/t|'), 'old|new|');
    },
  },
  {
    id: 52,
    behaviour: 'a commit fires once per changed node, in the order in which they were first touched',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/t/1|x');
      await dom0.ok('WRITE', '/t/2|x');
      await dom0.ok('WRITE', '/t/3|x');
      await dom0.ok('WATCH', '/t|token|');
      await dom0.takeEvents();
      const txId = await dom0.begin();
      await dom0.ok('WRITE', '/t/2|y', txId);
      await dom0.ok('WRITE', '/t/1|y', txId);
      await dom0.ok('RM', '/t/3|', txId);
      await dom0.ok('WRITE', '/t/2|z', txId);
      assert.equal(await dom0.ask('READ', '/t/1|', txId), 'y');
      assert.deepEqual(await dom0.takeEvents(), [], 'nothing fires before the commit');
      assert.equal(await dom0.commit(txId), 'OK');
      assert.deepEqual(await dom0.takeEvents(), ['/t/2|token', '/t/1|token', '/t/3|token']);
    },
  },
  {
    id: 52,
    behaviour: 'what a transaction made and removed again fires nothing, nor does an abort',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('MKDIR', '/t|');
      await dom0.ok('WATCH', '/t|token|');
      await dom0.takeEvents();
      const made = await dom0.begin();
      await dom0.ok('WRITE', '/t/short-lived|x', made);
      await dom0.ok('RM', '/t/short-lived|', made);
      assert.equal(await dom0.commit(made), 'OK');
      assert.ok(!(await dom0.takeEvents()).includes('/t/short-lived|token'));
      const aborted = await dom0.begin();
      await dom0.ok('WRITE', '/t/aborted|x', aborted);
      assert.equal(await dom0.ask('TRANSACTION_END', 'F|', aborted), 'OK');
      assert.deepEqual(await dom0.takeEvents(), []);
      assert.equal(await dom0.ask('READ', '/t/aborted|'), 'ERROR ENOENT');
    },
  },
  {
    id: 54,
    behaviour: 'the id is dead after EAGAIN, after a commit and after an abort',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/t|x');
      const lost = await dom0.begin();
      await dom0.ok('WRITE', '/t|y', lost);
      await dom0.ok('WRITE', '/t|z');
      assert.equal(await dom0.commit(lost), 'ERROR EAGAIN');
      const committed = await dom0.begin();
      assert.equal(await dom0.commit(committed), 'OK');
      const aborted = await dom0.begin();
      assert.equal(await dom0.ask('TRANSACTION_END', 'F|', aborted), 'OK');
      for (const txId of [lost, committed, aborted]) {
        assert.equal(await dom0.commit(txId), 'ERROR ENOENT');
        assert.equal(await dom0.ask('READ', '/t|', txId), 'ERROR ENOENT');
      }
      assert.equal(await dom0.ask('READ', '/t|'), 'z');
    },
  },
  {
    id: 55,
    behaviour: 'TRANSACTION_END wants T or F; anything else is EINVAL and leaves the transaction usable',
    async run(target) {
      const dom0 = await target.dom0();
      const txId = await dom0.begin();
      await dom0.ok('WRITE', '/t|x', txId);
      for (const payload of ['X|', '|', '', 't|', 'T', 'T|T|', 'TT|']) {
        assert.equal(await dom0.ask('TRANSACTION_END', payload, txId), 'ERROR EINVAL', `'${payload}'`);
      }
      assert.equal(await dom0.ask('READ', '/t|', txId), 'x');
      assert.equal(await dom0.commit(txId), 'OK');
      assert.equal(await dom0.ask('READ', '/t|'), 'x');
    },
  },
  {
    id: 56,
    behaviour: 'a transaction that did nothing commits whatever happened meanwhile',
    async run(target) {
      const dom0 = await target.dom0();
      const txId = await dom0.begin();
      await dom0.ok('WRITE', '/t/new|x');
      await dom0.ok('RM', '/tool|');
      assert.equal(await dom0.commit(txId), 'OK');
    },
  },
  {
    id: 57,
    behaviour: 'the end of the connection discards its transactions',
    async run(target) {
      const dom0 = await target.dom0();
      const leaver = await target.dom0();
      await dom0.ok('WATCH', '/t|token|');
      await dom0.takeEvents();
      const txId = await leaver.begin();
      await leaver.ok('WRITE', '/t|x', txId);
      leaver.close();
      const next = await target.dom0();
      assert.equal(await next.commit(txId), 'ERROR ENOENT');
      assert.equal(await dom0.ask('READ', '/t|'), 'ERROR ENOENT');
      assert.deepEqual(await dom0.takeEvents(), []);
    },
  },
  {
    id: 57,
    behaviour: 'RESET_WATCHES discards the transactions of the caller',
    async run(target) {
      const dom0 = await target.dom0();
      const other = await target.dom0();
      const kept = await other.begin();
      const txId = await dom0.begin();
      await dom0.ok('WRITE', '/t|x', txId);
      await dom0.ok('RESET_WATCHES', '|');
      assert.equal(await dom0.commit(txId), 'ERROR ENOENT');
      assert.equal(await dom0.ask('READ', '/t|'), 'ERROR ENOENT');
      assert.equal(await other.commit(kept), 'OK');
    },
  },
  {
    id: 58,
    behaviour: 'of two transactions that each make a child of the root the second loses',
    async run(target) {
      const dom0 = await target.dom0();
      const first = await dom0.begin();
      const second = await dom0.begin();
      assert.notEqual(first, second);
      await dom0.ok('WRITE', '/one|x', first);
      await dom0.ok('WRITE', '/two|x', second);
      assert.equal(await dom0.ask('READ', '/one|', second), 'ERROR ENOENT');
      assert.equal(await dom0.commit(first), 'OK');
      assert.equal(await dom0.commit(second), 'ERROR EAGAIN');
      assert.equal(await dom0.ask('READ', '/two|'), 'ERROR ENOENT');
    },
  },
  {
    id: 'transactions',
    behaviour: 'a node is taken over at its first touch: later changes outside stay out and cost the commit',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/t|at start');
      const txId = await dom0.begin();
      await dom0.ok('WRITE', '/t|before the first touch');
      assert.equal(await dom0.ask('READ', '/t|', txId), 'before the first touch');
      await dom0.ok('WRITE', '/t|after it');
      assert.equal(await dom0.ask('READ', '/t|', txId), 'before the first touch');
      assert.equal(await dom0.commit(txId), 'ERROR EAGAIN');
    },
  },
  {
    id: 'transactions',
    behaviour: 'ids count up on each connection from 1, also where another connection holds the same',
    async run(target) {
      const first = await target.dom0();
      const second = await target.dom0();
      assert.deepEqual([await first.begin(), await first.begin(), await second.begin()], [1, 2, 1]);
    },
  },
];
