import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance';

export const pathCases: ConformanceCase[] = [
  {
    id: 16,
    behaviour: 'paths of other characters, of empty components or with a trailing slash are EINVAL',
    async run(target) {
      const dom0 = await target.dom0();
      const wrong = [
        '/a.b',
        '/a b',
        '/a+b',
        '/a:b',
        '/\xc3\xa9',
        '/a\x7f',
        '',
        '//',
        '/a/',
        '/a//b',
        '//a',
        'a/',
        'a.b',
      ];
      for (const path of wrong) {
        for (const type of ['READ', 'DIRECTORY', 'MKDIR', 'RM', 'GET_PERMS'] as const) {
          assert.equal(await dom0.ask(type, `${path}|`), 'ERROR EINVAL', `${type} '${path}'`);
        }
        assert.equal(await dom0.ask('WRITE', `${path}|value`), 'ERROR EINVAL', `WRITE '${path}'`);
        assert.equal(await dom0.ask('WATCH', `${path}|token|`), 'ERROR EINVAL', `WATCH '${path}'`);
        assert.equal(await dom0.ask('SET_PERMS', `${path}|n0|`), 'ERROR EINVAL', `SET_PERMS '${path}'`);
      }
      await dom0.ok('WRITE', '/-_@0aZ|value');
      assert.equal(await dom0.ask('READ', '/-_@0aZ|'), 'value');
      assert.deepEqual(await dom0.takeEvents(), []);
    },
  },
  {
    id: 17,
    behaviour: 'a name with @ in front can be watched, but is no node',
    async run(target) {
      const dom0 = await target.dom0();
      assert.equal(await dom0.ask('WRITE', '@foo|value'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('READ', '@foo|'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('READ', '@releaseDomain|'), 'ERROR EINVAL');
      await dom0.ok('WATCH', '@foo|token|');
      assert.deepEqual(await dom0.takeEvents(), ['@foo|token']);
      assert.doesNotMatch(await dom0.ask('DIRECTORY', '/|'), /@/);
    },
  },
  {
    id: 18,
    behaviour: "a relative path begins at the caller's /local/domain/<domid>",
    async run(target) {
      const dom0 = await target.dom0();
      const guest = await target.guest(3);
      await dom0.ok('MKDIR', '/local/domain/3|');
      await dom0.ok('SET_PERMS', '/local/domain/3|n3|');
      await guest.ok('WRITE', 'x/y|of the guest');
      await dom0.ok('WRITE', 'x/y|of dom0');
      assert.equal(await dom0.ask('READ', '/local/domain/3/x/y|'), 'of the guest');
      assert.equal(await guest.ask('READ', 'x/y|'), 'of the guest');
      assert.equal(await dom0.ask('READ', '/local/domain/0/x/y|'), 'of dom0');
    },
  },
  {
    id: 19,
    behaviour: 'a relative path may have 2048 characters, one of 2049 is EINVAL',
    async run(target) {
      const dom0 = await target.dom0();
      assert.equal(await dom0.ask('READ', `${'a'.repeat(2048)}|`), 'ERROR ENOENT');
      assert.equal(await dom0.ask('READ', `${'a'.repeat(2049)}|`), 'ERROR EINVAL');
      await dom0.ok('WRITE', `${'b/'.repeat(1023)}bb|deep`);
      assert.equal(await dom0.ask('READ', `/local/domain/0/${'b/'.repeat(1023)}bb|`), 'deep');
    },
  },
  {
    id: 19,
    behaviour: 'the prefix /local/domain/N/ is not counted, any other beginning is',
    async run(target) {
      const dom0 = await target.dom0();
      const read = (prefix: string, bytes: number) => dom0.ask('READ', `${prefix}${'a'.repeat(bytes)}|`);
      assert.equal(await read('/local/domain/7/', 2048), 'ERROR ENOENT');
      assert.equal(await read('/local/domain/7/', 2049), 'ERROR EINVAL');
      assert.equal(await read('/local/domain/12345/', 2048), 'ERROR ENOENT');
      assert.equal(await read('/local/domain/x/', 2048 - 16), 'ERROR ENOENT');
      assert.equal(await read('/local/domain/x/', 2049 - 16), 'ERROR EINVAL');
      assert.equal(await read('/', 2047), 'ERROR ENOENT');
      assert.equal(await read('/', 2048), 'ERROR EINVAL');
    },
  },
];
