import assert from 'node:assert/strict';
import { introduce, type ConformanceCase } from '../conformance';

export const errorCases: ConformanceCase[] = [
  {
    id: 'errors',
    behaviour: 'the operations of a toolstack are EACCES to a guest, before their payload is looked at',
    async run(target) {
      const guest = await target.guest(1);
      for (const type of [
        'CONTROL',
        'INTRODUCE',
        'RELEASE',
        'IS_DOMAIN_INTRODUCED',
        'RESUME',
        'SET_TARGET',
      ] as const) {
        assert.equal(await guest.ask(type, '2|1|7|'), 'ERROR EACCES', type);
        assert.equal(await guest.ask(type, 'nonsense'), 'ERROR EACCES', type);
        assert.equal(await guest.ask(type, '2|1|7|', 4711), 'ERROR EACCES', `${type} with an unknown tx_id`);
      }
    },
  },
  {
    id: 'errors',
    behaviour: 'an unknown tx_id is ENOENT to every operation that may carry one',
    async run(target) {
      const dom0 = await target.dom0();
      for (const [type, payload] of [
        ['READ', '/|'],
        ['DIRECTORY', '/|'],
        ['DIRECTORY_PART', '/|0|'],
        ['GET_PERMS', '/|'],
        ['SET_PERMS', '/|n0|'],
        ['WRITE', '/x|value'],
        ['MKDIR', '/x|'],
        ['RM', '/x|'],
        ['GET_DOMAIN_PATH', '1|'],
        ['TRANSACTION_START', '|'],
        ['TRANSACTION_END', 'T|'],
      ] as const) {
        assert.equal(await dom0.ask(type, payload, 4711), 'ERROR ENOENT', type);
      }
      assert.equal(await dom0.ask('READ', '/x|'), 'ERROR ENOENT');
    },
  },
  {
    id: 'errors',
    behaviour: 'TRANSACTION_END outside a transaction is ENOENT',
    async run(target) {
      const dom0 = await target.dom0();
      assert.equal(await dom0.ask('TRANSACTION_END', 'T|'), 'ERROR ENOENT');
      assert.equal(await dom0.ask('TRANSACTION_END', 'F|'), 'ERROR ENOENT');
    },
  },
  {
    id: 'errors',
    behaviour: 'RELEASE and RESUME of domain 0 are EINVAL, of an unknown domain ENOENT',
    async run(target) {
      const dom0 = await target.dom0();
      for (const type of ['RELEASE', 'RESUME'] as const) {
        assert.equal(await dom0.ask(type, '0|'), 'ERROR EINVAL', type);
        assert.equal(await dom0.ask(type, '77|'), 'ERROR ENOENT', type);
      }
      assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '0|'), 'T|');
      assert.equal(await dom0.ask('READ', '/tool/xenstored|'), '');
    },
  },
  {
    id: 'errors',
    behaviour: 'SET_TARGET wants two known domains',
    async run(target) {
      const dom0 = await target.dom0();
      await introduce(target, 1);
      assert.equal(await dom0.ask('SET_TARGET', '1|'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('SET_TARGET', '77|1|'), 'ERROR ENOENT');
      assert.equal(await dom0.ask('SET_TARGET', '1|77|'), 'ERROR ENOENT');
    },
  },
  {
    id: 'errors',
    behaviour: 'CONTROL answers check, and is EINVAL to a word it does not know',
    async run(target) {
      const dom0 = await target.dom0();
      assert.equal(await dom0.ask('CONTROL', 'no-such-command|'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('CONTROL', 'check|'), 'OK');
      assert.match(await dom0.ask('CONTROL', 'help|'), /check/);
      assert.equal(await dom0.ask('CONTROL', ''), 'ERROR EINVAL');
    },
  },
  {
    id: 'errors',
    behaviour: 'who may not write gets EACCES from WRITE, MKDIR, RM and SET_PERMS',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      await dom0.ok('WRITE', '/d/node|value');
      await dom0.ok('SET_PERMS', '/d|r0|');
      await dom0.ok('SET_PERMS', '/d/node|r0|');
      assert.equal(await guest.ask('READ', '/d/node|'), 'value');
      assert.equal(await guest.ask('WRITE', '/d/node|x'), 'ERROR EACCES');
      assert.equal(await guest.ask('WRITE', '/d/new|x'), 'ERROR EACCES');
      assert.equal(await guest.ask('MKDIR', '/d/new|'), 'ERROR EACCES');
      assert.equal(await guest.ask('RM', '/d/node|'), 'ERROR EACCES');
      assert.equal(await guest.ask('SET_PERMS', '/d/node|r0|'), 'ERROR EACCES');
      assert.equal(await dom0.ask('READ', '/d/node|'), 'value');
    },
  },
];
