import assert from 'node:assert/strict';
import type { Acts } from '../../server/act/acts';
import type { Edit } from '../../server/act/edit';
import { maxKeptSubtreeNodes } from '../../server/act/guard';
import { permsProblem, valueProblem } from '../../server/act/inputProblem';
import { nameProblem, pathProblem } from '../../server/wire/pathProblem';
import { type ActsScene, grant, openActs, remove, removeForGood, write } from './openActs';

describe('acts by hand', () => {
  let scene: ActsScene;
  let { store, guest, acts, onRealHost, asGuest, text } = {} as ActsScene;
  beforeEach(async () => ({ store, guest, acts, onRealHost, asGuest, text } = scene = await openActs()));
  afterEach(() => scene.close());

  const verdict = async (edit: Edit, on: Acts = acts) => (await on.preview(edit)).verdict;

  describe('the guard', () => {
    it('says what a write changes', async () => {
      assert.deepEqual(await acts.preview(write('/a/one', 'uno')), {
        verdict: 'allow',
        text: 'Changes /a/one from "1" to "uno".',
        details: [],
      });
      assert.equal(
        (await acts.preview(write('/a/new', '', true))).text,
        'Creates /a/new with the value nothing.',
      );
    });

    it('asks before a new node would replace one that exists', async () => {
      assert.equal(await verdict(write('/a/one', 'uno', true)), 'confirm');
    });

    it('refuses to write or remove what does not exist', async () => {
      for (const edit of [write('/nowhere', ''), remove('/nowhere'), grant('/nowhere', 3)]) {
        assert.deepEqual(await acts.preview(edit), {
          verdict: 'refuse',
          text: '/nowhere does not exist, or no longer.',
          details: [],
        });
      }
    });

    it('shows what goes with a node, and to whom it belongs', async () => {
      await store.setPerms('/a/two/below', [{ domid: 3, read: false, write: false }]);
      assert.deepEqual(await acts.preview(remove('/a')), {
        verdict: 'confirm',
        text: 'Delete /a and the 3 nodes below it?',
        details: ['Owners: Domain-0 (0) (3), web (3) (1).', '/a/one', '/a/two', '/a/two/below'],
      });
      assert.deepEqual(await acts.preview(remove('/a/one')), {
        verdict: 'allow',
        text: 'Delete /a/one, which holds "1"?',
        details: [],
      });
      assert.equal((await acts.preview(remove('/local/domain/3/data'))).text, 'Delete /local/domain/3/data?');
    });

    it('lists only the first of many paths', async () => {
      await Promise.all(Array.from({ length: 50 }, (_, index) => store.write(`/many/${index}`, '')));
      const { details } = await acts.preview(remove('/many'));
      assert.equal(details.at(-1), '… and 38 more');
      assert.equal(details.length, 14);
    });

    it('warns of every removal that is too big to be kept, and only of those', async () => {
      const makeMore = async (from: number, to: number) => {
        const paths = Array.from({ length: to - from }, (_, index) => `/many/${from + index}`);
        await Promise.all(paths.map((path) => store.write(path, '')));
      };
      await makeMore(0, maxKeptSubtreeNodes - 1);
      assert.equal((await acts.preview(remove('/many'))).isFinal, undefined);
      await makeMore(maxKeptSubtreeNodes - 1, maxKeptSubtreeNodes);
      const { details, isFinal } = await acts.preview(remove('/many'));
      assert.equal(isFinal, true);
      assert.equal(details[0], 'This cannot be taken back: no more than 10000 nodes are kept for that.');
      assert.deepEqual(await acts.perform(removeForGood('/many'), true), {
        text: 'Removed /many and all below it; this cannot be taken back.',
      });
    }).timeout(60_000);

    it('asks again when what is to be removed has grown too big to be kept since it asked', async () => {
      const paths = Array.from({ length: maxKeptSubtreeNodes }, (_, index) => `/many/${index}`);
      await Promise.all(paths.slice(1).map((path) => store.write(path, '')));
      assert.equal((await acts.preview(remove('/many'))).isFinal, undefined);
      const refusal = {
        code: 'overtaken',
        message:
          '/many was not removed: by now this could not be taken back, because no more than 10000 nodes are kept for that.',
      };
      // Between the guard's last look and the removal.
      const { transaction } = store;
      store.transaction = async (body, options) => {
        await store.write(paths[0]!, '');
        return transaction.call(store, body, options) as ReturnType<typeof body>;
      };
      await assert.rejects(acts.perform(remove('/many'), true), refusal);
      store.transaction = transaction;
      // Between the question and the guard's last look.
      await assert.rejects(acts.perform(remove('/many'), true), refusal);
      assert.equal((await store.directory('/many')).length, paths.length);

      assert.equal((await acts.preview(remove('/many'))).isFinal, true);
      assert.equal((await acts.perform(removeForGood('/many'), true)).undoId, undefined);
      await assert.rejects(text('/many'), { storeError: 'ENOENT' });
    }).timeout(60_000);

    it('keeps what it can, even where the person was told that it could not', async () => {
      const { undoId } = await acts.perform(removeForGood('/a'), true);
      await acts.undo(undoId!);
      assert.equal(await text('/a/two/below'), '2');
    });

    it('removes nothing that it cannot keep before it has said so', async () => {
      const { transaction } = store;
      let isRestless = true;
      store.transaction = (body, options) =>
        transaction.call(
          store,
          async (tx) => {
            const answer = await body(tx);
            if (isRestless) await store.write('/a/two/below', 'again');
            return answer;
          },
          // No pauses between them: the clock stands still here.
          { ...options, attempts: 2 },
        ) as ReturnType<typeof body>;
      assert.equal((await acts.preview(remove('/a/two/below'))).isFinal, undefined);
      await assert.rejects(acts.perform(remove('/a/two/below'), true), {
        code: 'refused',
        message: '/a/two/below was not removed: it keeps changing, so that this could not be taken back.',
      });
      assert.equal(await text('/a/two/below'), 'again');
      assert.deepEqual(await acts.preview(remove('/a/two/below')), {
        verdict: 'confirm',
        text: 'Delete /a/two/below, which holds "again"?',
        details: ['This cannot be taken back: it does not stay the same for long enough to be kept.'],
        isFinal: true,
      });
      await assert.rejects(acts.perform(remove('/a/two/below'), true), {
        code: 'overtaken',
        message:
          '/a/two/below was not removed: by now this could not be taken back, because it does not stay the same for long enough to be kept.',
      });
      assert.equal((await acts.perform(removeForGood('/a/two/below'), true)).undoId, undefined);
      await assert.rejects(text('/a/two/below'), { storeError: 'ENOENT' });

      isRestless = false;
      await store.write('/a/two/below', 'quiet');
      assert.equal(await verdict(remove('/a/two/below')), 'allow');
      assert.notEqual((await acts.perform(remove('/a/two/below'), false)).undoId, undefined);
    });

    it('shows permissions before and after', async () => {
      assert.deepEqual((await acts.preview(grant('/a/one', 3))).details, [
        'Now: Owned by Domain-0 (0), who may do everything.',
        'Now: Everyone else: nothing.',
        'Then: Owned by web (3), who may do everything.',
        'Then: Domain-0 (0) may read.',
        'Then: Everyone else: nothing.',
      ]);
    });

    it('asks before everything on a real host', async () => {
      for (const edit of [
        write('/a/one', ''),
        write('/a/new', '', true),
        remove('/a/one'),
        grant('/a/one', 3),
      ]) {
        assert.equal(await verdict(edit, onRealHost), 'confirm');
      }
      assert.equal(await verdict(write('/local/domain/0/backend/vif/3/0/state', '5'), onRealHost), 'confirm');
    });

    it('leaves domain 0 of a real host alone, unless a setting allows it', async () => {
      const edits = [
        write('/local/domain/0/name', 'x'),
        write('/local/domain/0/new', 'x', true),
        remove('/local/domain/0/backend'),
        remove('/local/domain/0'),
        remove('/local'),
        grant('/local/domain/0', 3),
      ];
      for (const edit of edits) assert.equal(await verdict(edit, onRealHost), 'refuse', edit.path);
      await assert.rejects(onRealHost.perform(edits[0]!, true), { code: 'refused' });
      assert.equal(await text('/local/domain/0/name'), 'Domain-0');
      scene.allowDomain0Edits = true;
      for (const edit of edits) assert.equal(await verdict(edit, onRealHost), 'confirm', edit.path);
    });

    it('does nothing unconfirmed that it asks about', async () => {
      await assert.rejects(acts.perform(remove('/a'), false), { code: 'refused' });
      assert.equal(await text('/a/one'), '1');
      await acts.perform(remove('/a'), true);
      await assert.rejects(text('/a/one'), { storeError: 'ENOENT' });
    });
  });

  describe('what somebody else changed since the person looked', () => {
    const typed = (path: string, value: string, expected: string | null, create = false): Edit => ({
      ...(write(path, value, create) as Edit & { kind: 'write' }),
      expected: expected === null ? null : Buffer.from(expected),
    });
    const mine: Edit = { ...(grant('/a/one', 3) as Edit & { kind: 'setPerms' }), expected: [] };

    it('is asked about, and not overwritten even by a yes that was given before', async () => {
      const edit = typed('/a/one', 'mine', '1');
      assert.equal(await verdict(edit), 'allow');
      await store.write('/a/one', 'theirs');
      assert.deepEqual(await acts.preview(edit), {
        verdict: 'confirm',
        text: '/a/one was changed meanwhile, from "1" to "theirs". Writing "mine" replaces that.',
        details: [],
        overtaken: true,
      });
      for (const confirmed of [false, true])
        await assert.rejects(acts.perform(edit, confirmed), { code: 'overtaken' });
      assert.equal(await text('/a/one'), 'theirs');
      await acts.perform(write('/a/one', 'mine'), false);
      assert.equal(await text('/a/one'), 'mine');
    });

    it('counts for an empty value as well', async () => {
      await store.write('/a/one', 'theirs');
      await assert.rejects(acts.perform(typed('/a/one', 'mine', ''), true), { code: 'overtaken' });
    });

    it('is no matter when it is what the person wants', async () => {
      await store.write('/a/one', 'mine');
      await acts.perform(typed('/a/one', 'mine', '1'), false);
    });

    it('may be a node that came up', async () => {
      const edit = typed('/a/new', 'mine', null, true);
      assert.equal(await verdict(edit), 'allow');
      await store.write('/a/new', 'theirs');
      assert.equal((await acts.preview(edit)).overtaken, true);
      await assert.rejects(acts.perform(edit, true), { code: 'overtaken' });
      assert.equal(await text('/a/new'), 'theirs');
    });

    it('may be a node that came up after the guard had looked', async () => {
      const { transaction } = store;
      store.transaction = async (body, options) => {
        await guest.write('/local/domain/3/data/new', 'theirs');
        return transaction.call(store, body, options) as ReturnType<typeof body>;
      };
      const edit = write('/local/domain/3/data/new', 'mine', true);
      await assert.rejects(acts.perform(edit, false), { code: 'overtaken' });
      assert.equal(await text('/local/domain/3/data/new'), 'theirs');
    });

    it('may be the permissions', async () => {
      const seen = await store.getPerms('/a/one');
      assert.equal(await verdict({ ...mine, expected: seen } as Edit), 'allow');
      await store.setPerms('/a/one', [{ domid: 0, read: true, write: true }]);
      const edit = { ...mine, expected: seen } as Edit;
      assert.equal((await acts.preview(edit)).overtaken, true);
      await assert.rejects(acts.perform(edit, true), { code: 'overtaken' });
      assert.deepEqual(await store.getPerms('/a/one'), [{ domid: 0, read: true, write: true }]);
    });
  });

  describe('errors in plain words', () => {
    it('say who owns a node and who may touch it', async () => {
      await store.write('/shared', 'x');
      await store.setPerms('/shared', [
        { domid: 0, read: true, write: false },
        { domid: 7, read: true, write: true },
      ]);
      await assert.rejects(asGuest.perform(write('/shared', 'y'), true), {
        storeError: 'EACCES',
        message:
          'The store does not let us write /shared. It belongs to Domain-0 (0); domain 7 may read and write, everyone else may read.',
      });
    });

    it('say which quota is used up', async () => {
      await assert.rejects(asGuest.perform(write('/local/domain/3/data', 'x'.repeat(3000)), true), {
        storeError: 'ENOSPC',
        message: /the size of one node .* The value has 3000 bytes\./,
      });
    });

    it('say that an owner does not exist', async () => {
      await assert.rejects(acts.perform(grant('/a/one', 99), true), {
        storeError: 'ENOENT',
        message: 'The store refuses an owner that does not exist: domain 99.',
      });
    });
  });

  it('say what is wrong with a path, a name, a value or a list', () => {
    assert.equal(pathProblem('/a/b-1_@'), undefined);
    assert.equal(pathProblem(''), 'The path is empty.');
    assert.equal(pathProblem('a/b'), 'The path "a/b" does not begin with a slash.');
    assert.equal(pathProblem('/a/'), 'The path "/a/" ends with a slash.');
    assert.equal(pathProblem('/a//b'), 'The path "/a//b" has two slashes in a row.');
    assert.equal(
      pathProblem('/a/b.c'),
      'A name in the store cannot contain a dot. Allowed are letters, digits and - _ @.',
    );
    assert.match(pathProblem('/' + 'x'.repeat(3000))!, /has 3001 characters; a store takes at most 2048/);
    assert.match(pathProblem('@releaseDomain')!, /can only be watched/);
    assert.match(nameProblem('ä')!, /cannot contain "ä"/);
    assert.match(nameProblem('a/b')!, /cannot contain a slash/);
    assert.equal(nameProblem(''), 'The name is empty.');
    assert.equal(valueProblem('/a', Buffer.alloc(4093)), undefined);
    assert.match(valueProblem('/a', Buffer.alloc(4094))!, /has 4094 bytes; with this path at most 4093 fit/);
    assert.match(permsProblem([])!, /empty/);
    assert.match(permsProblem([{ domid: -1, read: true, write: true }])!, /-1 is no number of a domain/);
    const same = { domid: 3, read: true, write: true };
    assert.match(permsProblem([same, same])!, /Domain 3 occurs twice/);
  });
});
