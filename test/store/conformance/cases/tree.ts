import assert from 'node:assert/strict';
import type { RawConnection } from '../../../support/rawConnection';
import type { ConformanceCase } from '../conformance';

export const treeCases: ConformanceCase[] = [
  {
    id: 20,
    behaviour: 'WRITE makes the missing parents, with empty values, and fires for the leaf alone',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WATCH', '/d|token|');
      await dom0.takeEvents();
      await dom0.ok('WRITE', '/d/e/f|value');
      assert.deepEqual(await dom0.takeEvents(), ['/d/e/f|token']);
      assert.equal(await dom0.ask('READ', '/d|'), '');
      assert.equal(await dom0.ask('READ', '/d/e|'), '');
      assert.equal(await dom0.ask('DIRECTORY', '/d|'), 'e|');
      assert.equal(await dom0.ask('READ', '/d/e/f|'), 'value');
    },
  },
  {
    id: 21,
    behaviour: 'MKDIR of an existing node keeps its value and fires nothing',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/d|value');
      await dom0.ok('WRITE', '/d/child|x');
      await dom0.ok('WATCH', '/|token|');
      await dom0.takeEvents();
      await dom0.ok('MKDIR', '/d|');
      await dom0.ok('MKDIR', '/|');
      assert.deepEqual(await dom0.takeEvents(), []);
      assert.equal(await dom0.ask('READ', '/d|'), 'value');
      assert.equal(await dom0.ask('DIRECTORY', '/d|'), 'child|');
      await dom0.ok('MKDIR', '/d/new|');
      assert.deepEqual(await dom0.takeEvents(), ['/d/new|token']);
    },
  },
  {
    id: 22,
    behaviour: 'RM of a missing node is OK where the parent exists, ENOENT where not, EINVAL at the root',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/d/e/f|value');
      await dom0.ok('WATCH', '/d|token|');
      await dom0.takeEvents();
      assert.equal(await dom0.ask('RM', '/d/zz|'), 'OK');
      assert.equal(await dom0.ask('RM', '/zz|'), 'OK');
      assert.equal(await dom0.ask('RM', '/zz/yy|'), 'ERROR ENOENT');
      assert.equal(await dom0.ask('RM', '/|'), 'ERROR EINVAL');
      assert.deepEqual(await dom0.takeEvents(), [], 'nothing was removed, so nothing fires');
      assert.equal(await dom0.ask('RM', '/d/e|'), 'OK');
      assert.equal(await dom0.ask('READ', '/d/e/f|'), 'ERROR ENOENT');
      assert.equal(await dom0.ask('DIRECTORY', '/d|'), '');
    },
  },
  {
    id: 23,
    behaviour: 'DIRECTORY lists in the order of creation; a child made anew goes last',
    async run(target) {
      const dom0 = await target.dom0();
      for (const name of ['zeta', 'alpha', 'm10']) await dom0.ok('WRITE', `/d/${name}|x`);
      assert.equal(await dom0.ask('DIRECTORY', '/d|'), 'zeta|alpha|m10|');
      await dom0.ok('WRITE', '/d/zeta|again');
      assert.equal(await dom0.ask('DIRECTORY', '/d|'), 'zeta|alpha|m10|');
      await dom0.ok('RM', '/d/alpha|');
      await dom0.ok('WRITE', '/d/alpha|x');
      assert.equal(await dom0.ask('DIRECTORY', '/d|'), 'zeta|m10|alpha|');
    },
  },
  {
    id: 34,
    behaviour: 'a directory of more than 4096 bytes is E2BIG, and DIRECTORY_PART brings it in pieces',
    async run(target) {
      const dom0 = await target.dom0();
      const names = Array.from({ length: 900 }, (_, n) => `child-${n}`);
      for (const name of names) await dom0.ok('WRITE', `/big/${name}|x`);
      assert.equal(await dom0.ask('DIRECTORY', '/big|'), 'ERROR E2BIG');
      const { list, parts } = await listInParts(dom0, '/big');
      assert.deepEqual(list, names);
      assert.ok(parts >= 3, `${parts} parts`);
    },
  },
  {
    id: 34,
    behaviour: 'a directory of exactly 4096 bytes still fits one reply',
    async run(target) {
      const dom0 = await target.dom0();
      const names = Array.from({ length: 64 }, (_, n) => `${n}`.padStart(63, 'n'));
      for (const name of names) await dom0.ok('WRITE', `/big/${name}|x`);
      assert.equal(await dom0.ask('DIRECTORY', '/big|'), names.map((name) => `${name}|`).join(''));
      await dom0.ok('WRITE', '/big/x|x');
      assert.equal(await dom0.ask('DIRECTORY', '/big|'), 'ERROR E2BIG');
    },
  },
  {
    id: 35,
    behaviour:
      'DIRECTORY_PART at or beyond the end, or of an empty node, is the generation and one empty text',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/d/abc|x');
      await dom0.ok('WRITE', '/empty|x');
      for (const offset of ['4', '5', '100000', '-1']) {
        assert.match(await dom0.ask('DIRECTORY_PART', `/d|${offset}|`), /^[0-9]+\|\|$/, `offset ${offset}`);
      }
      assert.match(await dom0.ask('DIRECTORY_PART', '/empty|0|'), /^[0-9]+\|\|$/);
      assert.match(await dom0.ask('DIRECTORY_PART', '/d|0|'), /^[0-9]+\|abc\|\|$/);
      assert.match(await dom0.ask('DIRECTORY_PART', '/d|1|'), /^[0-9]+\|bc\|\|$/, 'an offset inside a name');
    },
  },
  {
    id: 35,
    behaviour: 'DIRECTORY_PART wants two texts and an existing node, and ignores bytes after them',
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/d/abc|x');
      assert.equal(await dom0.ask('DIRECTORY_PART', '/d|'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('DIRECTORY_PART', '/d|0'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('DIRECTORY_PART', '/d|0|1|'), 'ERROR EINVAL');
      assert.equal(await dom0.ask('DIRECTORY_PART', '/none|0|'), 'ERROR ENOENT');
      assert.match(await dom0.ask('DIRECTORY_PART', '/d|0|junk'), /^[0-9]+\|abc\|\|$/);
    },
  },
  {
    id: 36,
    behaviour:
      "the generation of a node changes with its own value, ACL and children, not with a child's value",
    async run(target) {
      const dom0 = await target.dom0();
      await dom0.ok('WRITE', '/d/child|x');
      const generation = async () => (await dom0.ask('DIRECTORY_PART', '/d|0|')).split('|')[0];
      const seen = [await generation()];
      await dom0.ok('WRITE', '/d/child|y');
      assert.equal(await generation(), seen[0], "a child's value");
      for (const [type, payload] of [
        ['WRITE', '/d/second|x'],
        ['WRITE', '/d|own value'],
        ['SET_PERMS', '/d|r0|'],
        ['RM', '/d/second|'],
      ] as const) {
        await dom0.ok(type, payload);
        const now = await generation();
        assert.ok(!seen.includes(now), `${type} ${payload}`);
        seen.push(now);
      }
    },
  },
];

/** Puts a long directory together as libxenstore does. */
async function listInParts(
  connection: RawConnection,
  path: string,
): Promise<{ list: string[]; parts: number }> {
  let text = '';
  for (let parts = 1; ; parts++) {
    const { payload } = await connection.rpc('DIRECTORY_PART', `${path}|${text.length}|`);
    assert.ok(payload.length <= 4096, `${payload.length} bytes in one reply`);
    const nul = payload.indexOf(0);
    text += payload.toString('latin1', nul + 1);
    if (text.endsWith('\0\0')) return { list: text.slice(0, -2).split('\0'), parts };
  }
}
