/** Nodes, their permissions, and directories of any length. */
import assert from 'node:assert/strict';
import { formatXsPerm } from '../../../server/wire/xsPerms';
import { isError, isCode, perm, stateOf, type SuiteRig } from './rig';

export function nodeCases(rig: SuiteRig): void {
  describe('nodes', () => {
    it('keeps values of any octets', async () => {
      const everyOctet = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
      const values = [
        Buffer.alloc(0),
        everyOctet,
        Buffer.from('a\0b\0'),
        Buffer.from('\0'),
        Buffer.from('ü'),
      ];
      for (const [index, value] of values.entries()) {
        await rig.store.write(`/nodes/octets/${index}`, value);
        assert.deepEqual(await rig.store.read(`/nodes/octets/${index}`), value);
      }
      await rig.store.write('/nodes/octets/text', 'é\n');
      assert.equal((await rig.store.read('/nodes/octets/text')).toString('utf8'), 'é\n');
    });

    it('keeps values as long as a message may be', async () => {
      const path = '/nodes/long';
      const value = Buffer.alloc(Math.min(4096 - path.length - 1, rig.options.longestValueBytes), 'x');
      await rig.store.write(path, value);
      assert.deepEqual(await rig.store.read(path), value);
      await assert.rejects(rig.store.write(path, Buffer.alloc(4096 - path.length, 'y')), isCode('input'));
      assert.deepEqual(await rig.store.read(path), value);
    });

    it('creates missing parents with empty values', async () => {
      await rig.store.write('/nodes/a/b/c', 'deep');
      assert.equal(String(await rig.store.read('/nodes/a/b')), '');
      assert.deepEqual(await rig.store.directory('/nodes/a'), ['b']);
    });

    it('takes relative paths as those of domain 0', async () => {
      await rig.store.write('nodes/relative', 'here');
      assert.equal(String(await rig.store.read('/local/domain/0/nodes/relative')), 'here');
      assert.deepEqual(await rig.store.directory('nodes'), ['relative']);
    });

    it('makes a node and leaves an existing one alone', async () => {
      await rig.store.mkdir('/nodes/made');
      assert.equal(String(await rig.store.read('/nodes/made')), '');
      await rig.store.write('/nodes/made', 'value');
      await rig.store.mkdir('/nodes/made');
      assert.equal(String(await rig.store.read('/nodes/made')), 'value');
    });

    it('removes a node with all that is below it', async () => {
      await rig.store.write('/nodes/gone/x/y', '1');
      await rig.store.rm('/nodes/gone');
      await assert.rejects(rig.store.read('/nodes/gone/x/y'), isError('ENOENT'));
      await assert.rejects(rig.store.read('/nodes/gone'), isError('ENOENT'));
      await rig.store.rm('/nodes/gone');
      await assert.rejects(rig.store.rm('/nodes/gone/x'), isError('ENOENT'));
    });

    it('refuses what is missing or malformed', async () => {
      await assert.rejects(rig.store.read('/nodes/nothing'), isError('ENOENT'));
      await assert.rejects(rig.store.directory('/nodes/nothing'), isError('ENOENT'));
      await assert.rejects(rig.store.getPerms('/nodes/nothing'), isError('ENOENT'));
      for (const path of ['', '/a.b', '/a b', '/a//b', '/a/', '/ü', `/${'x'.repeat(2100)}`]) {
        await assert.rejects(rig.store.write(path, 'x'), isError('EINVAL'), path);
      }
      assert.equal(String(await rig.store.read('/')), '');
    });
  });

  describe('permissions', () => {
    it('are what they were set to, in their order', async () => {
      await rig.store.write('/perms/a', '1');
      assert.deepEqual((await rig.store.getPerms('/perms/a')).map(formatXsPerm), ['n0']);
      const perms = ['n0', 'r2', 'w3', 'b5'];
      await rig.store.setPerms('/perms/a', perms.map(perm));
      assert.deepEqual((await rig.store.getPerms('/perms/a')).map(formatXsPerm), perms);
      await rig.store.write('/perms/a/child', 'inherits');
      assert.deepEqual((await rig.store.getPerms('/perms/a/child')).map(formatXsPerm), perms);
    });
  });

  describe('directories', () => {
    it('list their children, and none where there are none', async () => {
      for (const name of ['zeta', 'alpha', 'm10']) await rig.store.write(`/dirs/few/${name}`, '');
      assert.deepEqual((await rig.store.directory('/dirs/few')).sort(), ['alpha', 'm10', 'zeta']);
      assert.deepEqual(await rig.store.directory('/dirs/few/zeta'), []);
      assert.equal(await rig.store.hasChildren('/dirs/few'), true);
      assert.equal(await rig.store.hasChildren('/dirs/few/zeta'), false);
      await assert.rejects(rig.store.hasChildren('/dirs/nothing'), isError('ENOENT'));
    });

    const { longLists, nameBytes } = rig.options;
    const named = (name: string) => name.padEnd(nameBytes, '-');
    for (const count of longLists === 'work' ? rig.options.directorySizes : []) {
      it(`list ${count} children, also within a transaction`, async () => {
        const path = `/dirs/of-${count}`;
        const names = Array.from({ length: count }, (_, index) => named(`child-${index}`)).sort();
        await Promise.all(names.map((name) => rig.store.write(`${path}/${name}`, 'x')));
        assert.deepEqual((await rig.store.directory(path)).sort(), names);
        assert.equal(await rig.store.hasChildren(path), true);
        const inside = await rig.store.transaction(async (transaction) => {
          await transaction.write(`${path}/child-last`, 'x');
          return transaction.directory(path);
        });
        assert.deepEqual(inside.sort(), [...names, 'child-last'].sort());
        await rig.store.rm(path);
      });
    }

    if (longLists !== 'work') {
      it(`that do not fit in one message: ${longLists}`, async () => {
        const names = Array.from({ length: rig.options.directorySizes[0]! }, (_, index) =>
          named(`child-${index}`),
        );
        await Promise.all(names.map((name) => rig.store.write(`/dirs/many/${name}`, 'x')));
        const isIt = longLists === 'cost the connection' ? isCode('interrupted') : isError(longLists);
        await assert.rejects(rig.store.directory('/dirs/many'), isIt);
        // A connection that it cost is made anew.
        rig.store.retryNow();
        await stateOf(rig.store, 'connected');
        await rig.store.rm('/dirs/many');
      });
    }

    it('list while they change: every name that stays is there once', async () => {
      const path = '/dirs/changing';
      const names = Array.from(
        { length: longLists === 'work' ? Math.min(1500, rig.options.requestsAtOnce) : 200 },
        (_, index) => (longLists === 'work' ? named(`stays-${index}`) : `stays-${index}`),
      ).sort();
      await Promise.all(names.map((name) => rig.store.write(`${path}/${name}`, 'x')));
      const other = rig.connect();
      const churn = (async () => {
        for (let index = 0; index < Math.min(20, rig.options.requestsAtOnce / 20); index++) {
          await other.write(`${path}/comes-${index}`, 'x');
          await other.rm(`${path}/comes-${index}`);
        }
      })();
      for (let round = 0; round < 3; round++) {
        const listed = await rig.store.directory(path);
        assert.deepEqual(listed.filter((name) => name.startsWith('stays')).sort(), names);
      }
      await churn;
      await rig.store.rm(path);
    });
  });
}
