/**
 * Debian's own programs, unchanged, against our server. Each case is a few commands that run
 * against C xenstored and against ours; output, errors and exit codes must be the same.
 */
import assert from 'node:assert/strict';
import { describeWithDaemons, XEN_BIN } from './daemons/requirements';
import { startDaemon } from './daemons/startDaemon';
import type { Daemon } from './daemons/startDaemon';
import { startOurs } from './ours';
import type { OurServer } from './ours';
import { runProgram } from './runProgram';
import type { Outcome } from './runProgram';

type Command = readonly [program: string, ...args: string[]];

/** Each works below a folder of its own, because all of them share the two stores. */
const cases: Record<string, readonly Command[]> = {
  'xenstore-write and -read: values of all kinds': [
    ['xenstore-write', '/rw/a', 'one', '/rw/b/c', 'two words'],
    ['xenstore-read', '/rw/a', '/rw/b/c', '/rw/b'],
    ['xenstore-read', '-p', '/rw/a', '/rw/b/c'],
    ['xenstore-write', '/rw/escapes', 'tab\\tline\\noctets\\x01\\xff\\000end\\\\'],
    ['xenstore-read', '/rw/escapes'],
    ['xenstore-read', '-R', '/rw/escapes'],
    ['xenstore-write', '-R', '/rw/escapes', 'tab\\t'],
    ['xenstore-read', '-R', '/rw/escapes'],
    ['xenstore-write', '/rw/long', 'x'.repeat(3000)],
    ['xenstore-read', '/rw/long'],
    ['xenstore-write', '-s', '/rw/a', ''],
    ['xenstore-read', '-s', '/rw/a'],
    ['xenstore-write', 'rw/relative', 'here'],
    ['xenstore-read', '/local/domain/0/rw/relative'],
  ],
  'xenstore-write and -read: refusals': [
    ['xenstore-write', '/refused/not', '1'],
    ['xenstore-read', '/refused/nothing'],
    ['xenstore-write', '/refused/a', '1', '/refused/b.c', '2'],
    ['xenstore-read', '/refused/a'],
    ['xenstore-write', '/refused//a', '1'],
    ['xenstore-write', '@refused', '1'],
    ['xenstore-read', 'refused relative'],
    ['xenstore-write', '/refused/no-value'],
    ['xenstore-write', `/refused/${'x'.repeat(2048)}`, '1'],
    ['xenstore-write', '/refused/too-long', 'x'.repeat(4090)],
  ],
  'xenstore-ls': [
    ['xenstore-write', '/ls/z', '1', '/ls/a/b/c', 'deep', '/ls/a/x', 'with "quotes" and \\\\', '/ls/m', ''],
    ['xenstore-write', '/ls/long', 'y'.repeat(200), '/ls/binary', '\\000\\001\\x7f\\xff\\t\\r\\n'],
    ['xenstore-chmod', '/ls/a', 'n0', 'r1', 'b2'],
    ['xenstore-ls', '/ls'],
    ['xenstore-ls', '-p', '/ls'],
    ['xenstore-ls', '-f', '/ls'],
    ['xenstore-ls', '-f', '-p', '/ls'],
    ['xenstore-ls', '-s', '-f', '/ls/a'],
    ['xenstore-ls', '/ls/z'],
    ['xenstore-ls', '/ls/nothing'],
    ['xenstore-ls', '/ls/'],
  ],
  'xenstore-list': [
    ['xenstore-write', '/list/zeta', '', '/list/alpha', '', '/list/m10', ''],
    ['xenstore-list', '/list'],
    ['xenstore-rm', '/list/alpha'],
    ['xenstore-write', '/list/alpha', ''],
    ['xenstore-list', '/list'],
    ['xenstore-list', '-p', '/list'],
    ['xenstore-list', '/list/zeta'],
    ['xenstore-list', '/list/nothing'],
    ['xenstore-list', '/list', '/list/nothing'],
  ],
  'xenstore-list: more names than one reply holds': [
    ...Array.from({ length: 8 }, (_, part): Command => {
      const pairs = Array.from({ length: 40 }, (_, index) => [
        `/many/${'n'.repeat(30)}-${part}-${index}`,
        'x',
      ]);
      return ['xenstore-write', ...pairs.flat()];
    }),
    ['xenstore-list', '/many'],
    ['xenstore-ls', '-f', '/many'],
  ],
  'xenstore-rm': [
    ['xenstore-write', '/rm/a/b/c', '1', '/rm/x/y', '2', '/rm/stays', '3'],
    ['xenstore-rm', '/rm/a'],
    ['xenstore-ls', '-f', '/rm'],
    ['xenstore-rm', '/rm/a'],
    ['xenstore-rm', '/rm/a/b'],
    ['xenstore-rm', '/rm/nothing/at/all'],
    ['xenstore-rm', '-t', '/rm/x/y'],
    ['xenstore-ls', '-f', '/rm'],
    ['xenstore-rm', '/'],
    ['xenstore-rm', '/rm/stays', '/rm/b.d'],
    ['xenstore-read', '/rm/stays'],
    ['xenstore-rm'],
  ],
  'xenstore-exists': [
    ['xenstore-write', '/exists/a', ''],
    ['xenstore-exists', '/exists/a'],
    ['xenstore-exists', '/exists/b'],
    ['xenstore-exists', '/exists/a', '/exists/b'],
    ['xenstore-exists', '/exists/a/'],
    ['xenstore-exists', '-s', '/'],
  ],
  'xenstore-chmod': [
    ['xenstore-write', '/chmod/a/b', '1'],
    ['xenstore-chmod', '/chmod/a', 'r0', 'b3', 'w5', 'n2'],
    ['xenstore-ls', '-f', '-p', '/chmod'],
    ['xenstore-chmod', '-r', '/chmod', 'n0', 'r1'],
    ['xenstore-ls', '-f', '-p', '/chmod'],
    ['xenstore-chmod', '-u', '/chmod/a/b', 'b0'],
    ['xenstore-ls', '-f', '-p', '/chmod'],
    ['xenstore-chmod', '/chmod/a', 'x0'],
    ['xenstore-chmod', '/chmod/a', 'r'],
    ['xenstore-chmod', '/chmod/nothing', 'n0'],
    ['xenstore-chmod', '/chmod/a', 'n77'],
    ['xenstore-chmod', '/chmod/a', 'n0', 'r77'],
    ['xenstore-write', '/chmod/a/inherits', ''],
    ['xenstore-ls', '-f', '-p', '/chmod'],
  ],
};

/** What xenstore-watch prints while the commands run, once the watch is set. */
const watchCases: Record<string, { watch: Command; then: readonly Command[] }> = {
  'a path and what is below it': {
    watch: ['xenstore-watch', '-n', '5', '/watch'],
    then: [
      ['xenstore-write', '/watch/a/b', '1'],
      ['xenstore-write', '/watchman', 'not below'],
      ['xenstore-write', '/watch/a/b', '1'],
      ['xenstore-chmod', '/watch/a', 'n0', 'r1'],
      ['xenstore-rm', '/watch/a'],
    ],
  },
  'a relative path': {
    watch: ['xenstore-watch', '-n', '3', 'watch-relative'],
    then: [
      ['xenstore-write', '/local/domain/0/watch-relative/x', '1'],
      ['xenstore-rm', 'watch-relative'],
    ],
  },
  'a transaction of several writes': {
    watch: ['xenstore-watch', '-n', '3', '/watch-tx'],
    then: [['xenstore-write', '/watch-tx/b', '1', '/watch-tx/a', '2']],
  },
  'the removal of a watched subtree': {
    watch: ['xenstore-watch', '-n', '2', '/watch-deep/a/b'],
    then: [
      ['xenstore-write', '/watch-deep/elsewhere', '1'],
      ['xenstore-rm', '/watch-deep'],
      ['xenstore-write', '/watch-deep/a/b', '1'],
    ],
  },
  'several paths': {
    watch: ['xenstore-watch', '-n', '4', '/watch-1', '/watch-2'],
    then: [
      ['xenstore-write', '/watch-2', '1'],
      ['xenstore-write', '/watch-1', '1'],
    ],
  },
};

describeWithDaemons("Debian's programs against our server", () => {
  let reference: Daemon;
  let ours: OurServer;
  before(async () => {
    reference = await startDaemon('xenstored');
    ours = await startOurs();
  });
  after(async () => {
    await reference?.stop();
    await ours?.stop();
  });

  async function runAll(commands: readonly Command[], socketPath: string): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const [program, ...args] of commands) outcomes.push(await runProgram(program, args, { socketPath }));
    return outcomes;
  }

  for (const [title, commands] of Object.entries(cases)) {
    it(title, async () => {
      const expected = await runAll(commands, reference.socketPath);
      assertReached(expected);
      const actual = await runAll(commands, ours.socketPath);
      for (const [index, command] of commands.entries()) {
        assert.deepEqual(actual[index], expected[index], command.join(' ').slice(0, 200));
      }
    });
  }

  for (const [title, { watch, then }] of Object.entries(watchCases)) {
    it(`xenstore-watch: ${title}`, async () => {
      const expected = await watched(watch, then, reference.socketPath);
      assert.equal(expected.status, 0);
      assert.deepEqual(await watched(watch, then, ours.socketPath), expected);
    });
  }

  async function watched([program, ...args]: Command, then: readonly Command[], socketPath: string) {
    let tellReady: () => void;
    const ready = new Promise<void>((resolve) => (tellReady = resolve));
    // Each watched path gives an event at once: when all are there, the watches are set.
    const paths = args.filter((word) => word.includes('watch')).length;
    const watching = runProgram(program, args, {
      socketPath,
      onOutput: (text) => text.split('\n').length > paths && tellReady(),
    });
    await Promise.race([ready, watching]);
    await runAll(then, socketPath);
    return watching;
  }

  function assertReached(outcomes: readonly Outcome[]): void {
    for (const { stderr } of outcomes) assert.doesNotMatch(stderr, /xs_open/);
    assert.ok(
      outcomes.some(({ status }) => status === 0),
      'no command of this case succeeds on C xenstored',
    );
  }

  describe('test-xenstore', () => {
    const names = [
      ...['read 1', 'read 2000', 'write 1', 'write 2000', 'dir', 'rm node', 'rm dir'],
      ...['ta empty', 'ta empty x', 'ta rmw', 'ta rmw x', 'ta err'],
    ];

    it('knows just the tests that are run here', async () => {
      const { stdout } = await runProgram(`${XEN_BIN}/test-xenstore`, ['-l'], {
        socketPath: ours.socketPath,
      });
      const listed = stdout.split('\n').map((line) => line.split(':')[0]!.trim());
      assert.deepEqual(
        listed.filter((name) => name !== ''),
        names,
      );
    });

    for (const name of names) {
      it(`passes "${name}"`, async () => {
        const args = ['-i', '50', '-t', name];
        const outcome = await runProgram(`${XEN_BIN}/test-xenstore`, args, { socketPath: ours.socketPath });
        assert.equal(outcome.status, 0, outcome.stderr);
        assert.match(outcome.stdout, new RegExp(`^${name} *: avg: [0-9]+ ns`));
      });
    }

    it('passes all of them in a row', async () => {
      const outcome = await runProgram(`${XEN_BIN}/test-xenstore`, ['-i', '10'], {
        socketPath: ours.socketPath,
      });
      assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
      assert.equal(outcome.stdout.match(/avg:/g)?.length, names.length, outcome.stdout);
      assert.equal(outcome.stderr, '');
    });

    it('passes them in random order for a second, which it does in silence', async () => {
      const outcome = await runProgram(`${XEN_BIN}/test-xenstore`, ['-r', '1'], {
        socketPath: ours.socketPath,
      });
      assert.deepEqual(outcome, { status: 0, stdout: '', stderr: '' });
    });
  });
});
