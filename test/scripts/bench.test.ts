import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const bench = (...args: string[]) =>
  spawnSync(process.execPath, ['scripts/bench.mjs', ...args], {
    cwd: path.resolve(__dirname, '../..'),
    encoding: 'utf8',
  });

describe('npm run bench', function () {
  this.timeout(60_000);

  it('tells its options and measures nothing when asked for help', () => {
    const { status, stdout, stderr } = bench('--quick', '--help');
    assert.deepEqual([status, stderr], [0, '']);
    for (const option of ['--quick', '--only', '--repetitions', '--profile']) {
      assert.match(stdout, new RegExp(option));
    }
    assert.doesNotMatch(stdout, /us\/op/);
  });

  it('does not begin with options that it does not know', () => {
    for (const args of [['--onyl', 'ring:'], ['--repetitions', 'many'], ['--only']]) {
      const { status, stdout, stderr } = bench(...args);
      assert.deepEqual([status, stdout], [1, ''], args.join(' '));
      assert.match(stderr, /npm run bench -- --only TEXT/);
    }
  });
});
