import assert from 'node:assert/strict';
import { introduce, type ConformanceCase } from '../conformance';

export const permissionCases: ConformanceCase[] = [
  {
    id: 24,
    behaviour: 'a node that dom0 makes takes over the whole ACL of the nearest ancestor, owner included',
    async run(target) {
      const dom0 = await target.dom0();
      await introduce(target, 1, 2, 3);
      await dom0.ok('MKDIR', '/g|');
      await dom0.ok('SET_PERMS', '/g|n3|r1|b2|');
      await dom0.ok('WRITE', '/g/x|value');
      await dom0.ok('WRITE', '/g/deep/er|value');
      for (const path of ['/g/x', '/g/deep', '/g/deep/er']) {
        assert.equal(await dom0.ask('GET_PERMS', `${path}|`), 'n3|r1|b2|', path);
      }
    },
  },
  {
    id: 25,
    behaviour: 'nodes that a guest makes below the directory of another belong to the maker',
    async run(target) {
      const dom0 = await target.dom0();
      await introduce(target, 1);
      const guest = await target.guest(2);
      await dom0.ok('MKDIR', '/d|');
      await dom0.ok('SET_PERMS', '/d|n1|b2|');
      await guest.ok('WRITE', '/d/a/b|value');
      assert.equal(await dom0.ask('GET_PERMS', '/d/a|'), 'n2|b2|');
      assert.equal(await dom0.ask('GET_PERMS', '/d/a/b|'), 'n2|b2|');
    },
  },
  {
    id: 26,
    behaviour: 'a later change of the parent leaves the children as they are',
    async run(target) {
      const dom0 = await target.dom0();
      await introduce(target, 3);
      await dom0.ok('WRITE', '/d/child|value');
      await dom0.ok('SET_PERMS', '/d|n3|');
      assert.equal(await dom0.ask('GET_PERMS', '/d|'), 'n3|');
      assert.equal(await dom0.ask('GET_PERMS', '/d/child|'), 'n0|');
    },
  },
  {
    id: 27,
    behaviour:
      'an unprivileged owner cannot give a node away (EPERM), others cannot set permissions (EACCES)',
    async run(target) {
      const dom0 = await target.dom0();
      const owner = await target.guest(1);
      const writer = await target.guest(2);
      await dom0.ok('MKDIR', '/d|');
      await dom0.ok('SET_PERMS', '/d|n1|b2|');
      assert.equal(await owner.ask('SET_PERMS', '/d|n2|'), 'ERROR EPERM');
      assert.equal(await writer.ask('SET_PERMS', '/d|n1|b2|'), 'ERROR EACCES');
      assert.equal(await dom0.ask('GET_PERMS', '/d|'), 'n1|b2|');
      await owner.ok('SET_PERMS', '/d|r1|');
      assert.equal(await owner.ask('GET_PERMS', '/d|'), 'r1|');
    },
  },
  {
    id: 27,
    behaviour: 'the first entry must name a living domain (ENOENT), the others need not',
    async run(target) {
      const dom0 = await target.dom0();
      await introduce(target, 1);
      await dom0.ok('MKDIR', '/d|');
      assert.equal(await dom0.ask('SET_PERMS', '/d|n77|'), 'ERROR ENOENT');
      await dom0.ok('SET_PERMS', '/d|n1|r77|');
      assert.equal(await dom0.ask('GET_PERMS', '/d|'), 'n1|r77|');
    },
  },
  {
    id: 28,
    behaviour: 'malformed permissions are EINVAL: another letter, no number, none at all',
    async run(target) {
      const dom0 = await target.dom0();
      await introduce(target, 1, 2);
      await dom0.ok('MKDIR', '/d|');
      for (const perms of ['x0|', 'r|', '|', '', 'n0|r|', 'n0|x1|', '0|', 'R0|']) {
        assert.equal(await dom0.ask('SET_PERMS', `/d|${perms}`), 'ERROR EINVAL', `'${perms}'`);
      }
      assert.equal(await dom0.ask('GET_PERMS', '/d|'), 'n0|');
      await dom0.ok('SET_PERMS', '/d|n0|r1|b2');
      assert.equal(await dom0.ask('GET_PERMS', '/d|'), 'n0|r1|', 'an unterminated rest is ignored');
      await dom0.ok('SET_PERMS', '/d|r0x2|');
      assert.equal(await dom0.ask('GET_PERMS', '/d|'), 'r2|', 'numbers are read as strtol does');
    },
  },
  {
    id: 28,
    behaviour: 'a guest may set five entries, not six (ENOSPC); dom0 as many as it likes',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      await dom0.ok('MKDIR', '/d|');
      await dom0.ok('SET_PERMS', '/d|n1|');
      const entries = (count: number) => Array.from({ length: count }, (_, n) => `r${n + 1}|`).join('');
      assert.equal(await guest.ask('SET_PERMS', `/d|${entries(5)}`), 'OK');
      assert.equal(await guest.ask('SET_PERMS', `/d|${entries(6)}`), 'ERROR ENOSPC');
      assert.equal(await dom0.ask('GET_PERMS', '/d|'), entries(5));
      assert.equal(await dom0.ask('SET_PERMS', `/d|${entries(20)}`), 'OK');
      assert.equal(await dom0.ask('GET_PERMS', '/d|'), entries(20));
    },
  },
  {
    id: 29,
    behaviour: 'what is missing shows as ENOENT only below a readable ancestor, else as EACCES',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      await dom0.ok('MKDIR', '/closed|');
      await dom0.ok('MKDIR', '/open|');
      await dom0.ok('SET_PERMS', '/open|r0|');
      for (const below of ['x', 'x/y', 'x/y/z/deep']) {
        for (const type of ['READ', 'DIRECTORY', 'GET_PERMS'] as const) {
          assert.equal(await guest.ask(type, `/closed/${below}|`), 'ERROR EACCES', `${type} ${below}`);
          assert.equal(await guest.ask(type, `/open/${below}|`), 'ERROR ENOENT', `${type} ${below}`);
        }
        assert.equal(await guest.ask('WRITE', `/open/${below}|value`), 'ERROR EACCES', `WRITE ${below}`);
        assert.equal(await guest.ask('RM', `/closed/${below}|`), 'ERROR EACCES', `RM ${below}`);
        assert.equal(await dom0.ask('READ', `/closed/${below}|`), 'ERROR ENOENT', `dom0 reads ${below}`);
      }
    },
  },
  {
    id: 30,
    behaviour: "the first entry's letter is for the domains that are not listed",
    async run(target) {
      const dom0 = await target.dom0();
      const listed = await target.guest(5);
      const other = await target.guest(2);
      await dom0.ok('WRITE', '/d|value');
      await dom0.ok('SET_PERMS', '/d|r0|n5|');
      assert.equal(await listed.ask('READ', '/d|'), 'ERROR EACCES');
      assert.equal(await other.ask('READ', '/d|'), 'value');
      assert.equal(await other.ask('WRITE', '/d|other'), 'ERROR EACCES');
      await dom0.ok('SET_PERMS', '/d|w0|r5|b5|');
      assert.equal(await listed.ask('WRITE', '/d|x'), 'ERROR EACCES', 'the first entry of a domain counts');
      assert.equal(await other.ask('READ', '/d|'), 'ERROR EACCES');
      await other.ok('WRITE', '/d|other');
    },
  },
  {
    id: 31,
    behaviour: 'after SET_TARGET a domain has the access of its target, and what it makes is its own',
    async run(target) {
      const dom0 = await target.dom0();
      await introduce(target, 1);
      const helper = await target.guest(2);
      await dom0.ok('WRITE', '/d|value');
      await dom0.ok('SET_PERMS', '/d|n1|');
      assert.equal(await helper.ask('READ', '/d|'), 'ERROR EACCES');
      await dom0.ok('SET_TARGET', '2|1|');
      assert.equal(await helper.ask('READ', '/d|'), 'value');
      await helper.ok('WRITE', '/d|of the helper');
      await helper.ok('WRITE', '/d/made|value');
      assert.equal(await dom0.ask('GET_PERMS', '/d|'), 'n1|');
      assert.equal(await dom0.ask('GET_PERMS', '/d/made|'), 'n2|');
    },
  },
  {
    id: 32,
    behaviour: 'SET_TARGET to domain 0 gives its access to nodes, not its operations',
    async run(target) {
      const dom0 = await target.dom0();
      const helper = await target.guest(2);
      assert.equal(await helper.ask('READ', '/tool/xenstored|'), 'ERROR EACCES');
      await dom0.ok('SET_TARGET', '2|0|');
      assert.equal(await helper.ask('READ', '/tool/xenstored|'), '');
      assert.equal(await helper.ask('IS_DOMAIN_INTRODUCED', '1|'), 'ERROR EACCES');
    },
  },
  {
    id: 'permissions',
    behaviour: 'only the node itself need be writable for RM: neither its parent nor what lies below',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      await dom0.ok('WRITE', '/d/sub/secret|value');
      assert.equal(await guest.ask('RM', '/d/sub|'), 'ERROR EACCES');
      await dom0.ok('SET_PERMS', '/d/sub|w0|');
      await guest.ok('RM', '/d/sub|');
      assert.equal(await dom0.ask('DIRECTORY', '/d|'), '');
    },
  },
  {
    id: 'permissions',
    behaviour: 'a new domain does not inherit what the last bearer of its number was granted',
    async run(target) {
      const dom0 = await target.dom0();
      const before = await target.guest(3);
      await dom0.ok('WRITE', '/d|value');
      await dom0.ok('SET_PERMS', '/d|n0|r3|');
      assert.equal(await before.ask('READ', '/d|'), 'value');
      await dom0.ok('RELEASE', '3|');
      await dom0.ok('WRITE', '/meanwhile|x');
      const after = await target.guest(3);
      assert.equal(await after.ask('READ', '/d|'), 'ERROR EACCES');
    },
  },
  {
    id: 'permissions',
    behaviour:
      'an entry for a domain that does not exist is listed, and grants nothing to one that comes later',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/d|value');
      await dom0.ok('SET_PERMS', '/d|n0|r6|');
      await dom0.ok('WRITE', '/meanwhile|x');
      const late = await target.guest(6);
      assert.equal(await dom0.ask('GET_PERMS', '/d|'), 'n0|r6|');
      assert.equal(await late.ask('READ', '/d|'), 'ERROR EACCES');
      await dom0.ok('SET_PERMS', '/d|n0|r6|');
      assert.equal(await late.ask('READ', '/d|'), 'value', 'said again, it counts');
    },
  },
  {
    id: 'permissions',
    behaviour: 'the nodes of a fresh store belong to dom0 alone',
    async run(target) {
      const dom0 = await target.dom0();
      for (const path of ['/', '/tool', '/tool/xenstored']) {
        assert.equal(await dom0.ask('GET_PERMS', `${path}|`), 'n0|', path);
      }
    },
  },
  {
    id: 'permissions',
    behaviour: 'the special names have permissions of their own, which begin as n0',
    notOnXen417: 'It lets them be set, not read.',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      assert.equal(await dom0.ask('GET_PERMS', '@releaseDomain|'), 'n0|');
      assert.equal(await dom0.ask('GET_PERMS', '@introduceDomain|'), 'n0|');
      assert.equal(await guest.ask('GET_PERMS', '@releaseDomain|'), 'ERROR EACCES');
      assert.equal(await guest.ask('SET_PERMS', '@releaseDomain|n1|'), 'ERROR EACCES');
      await dom0.ok('SET_PERMS', '@releaseDomain|n0|r1|');
      assert.equal(await guest.ask('GET_PERMS', '@releaseDomain|'), 'n0|r1|');
    },
  },
  {
    id: 'permissions',
    behaviour: 'the owner has full access whatever the letters say, and dom0 has it everywhere',
    async run(target) {
      const dom0 = await target.dom0();
      const owner = await target.guest(1);
      await dom0.ok('WRITE', '/d|value');
      await dom0.ok('SET_PERMS', '/d|n1|n1|n0|');
      assert.equal(await owner.ask('READ', '/d|'), 'value');
      await owner.ok('WRITE', '/d|of the owner');
      await owner.ok('SET_PERMS', '/d|n1|n0|');
      assert.equal(await dom0.ask('READ', '/d|'), 'of the owner');
      await dom0.ok('WRITE', '/d|of dom0');
      await dom0.ok('SET_PERMS', '/d|n0|');
      assert.equal(await owner.ask('READ', '/d|'), 'ERROR EACCES');
    },
  },
  {
    id: 'permissions',
    behaviour: 'write access to the nearest existing ancestor is what it takes to create',
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(1);
      await dom0.ok('MKDIR', '/open|');
      await dom0.ok('SET_PERMS', '/open|b0|');
      await dom0.ok('MKDIR', '/open/closed|');
      await dom0.ok('SET_PERMS', '/open/closed|r0|');
      assert.equal(await guest.ask('WRITE', '/open/closed/x|value'), 'ERROR EACCES');
      assert.equal(await guest.ask('WRITE', '/open/closed/x/y|value'), 'ERROR EACCES');
      assert.equal(await guest.ask('MKDIR', '/open/x/y/z|'), 'OK');
      assert.equal(await dom0.ask('GET_PERMS', '/open/x/y|'), 'b1|');
    },
  },
];
