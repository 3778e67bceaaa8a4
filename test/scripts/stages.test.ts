/** What the tallies of `npm test` say where nothing may be skipped. */
import assert from 'node:assert/strict';
import { rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mochaStage, passed, reportedTally, skipped, sum, withoutSkips } from '../../scripts/lib/stages.mjs';

describe('with CI=true', () => {
  it('what a stage skipped has failed', () => {
    const tally = withoutSkips(sum([passed(3), skipped('interop', 'there is no apt')]));
    assert.equal(tally.passed, 3);
    assert.deepEqual(tally.skipped, []);
    assert.deepEqual(tally.failures, [
      { title: 'interop', error: 'skipped, which CI does not allow: there is no apt' },
    ]);
  });

  it('a test that skips itself has failed', async function () {
    this.timeout(120_000);
    const before = process.env['CI'];
    const folder = mkdtempSync(path.join(tmpdir(), 'stages-'));
    const spec = path.join(folder, 'some.test.cjs');
    writeFileSync(spec, `it('runs', () => {});\nit('skips itself', function () { this['skip'](); });\n`);
    const stage = () => mochaStage('some', [spec], { testTimeoutMs: 60_000, timeoutMs: 120_000 });
    try {
      process.env['CI'] = 'true';
      const strict = await stage();
      assert.deepEqual(
        [strict.passed, strict.failures.map(({ title }) => title), strict.skipped.length],
        [1, ['skips itself'], 0],
      );
      delete process.env['CI'];
      const lenient = await stage();
      assert.deepEqual([lenient.passed, lenient.failures.length, lenient.skipped.length], [1, 0, 1]);
    } finally {
      if (before === undefined) delete process.env['CI'];
      else process.env['CI'] = before;
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a test that was skipped', () => {
  it('is told with what it needs, which stands in its title', () => {
    const titles = [
      'xenscope serve --owner lets that user in: missing here: the rights of root',
      'our client: missing here: gcc (Debian packages: gcc) runs',
      'a test that has its own reasons',
    ];
    const lines = [...titles.map((title) => ({ kind: 'skipped', title })), { kind: 'end' }];
    const report = lines.map((line) => JSON.stringify(line)).join('\n');
    assert.deepEqual(reportedTally('unit', report, { code: 0, output: '' }, true).skipped, [
      { title: 'xenscope serve --owner lets that user in', why: 'missing here: the rights of root' },
      { title: 'our client', why: 'missing here: gcc (Debian packages: gcc)' },
      { title: 'a test that has its own reasons', why: 'it skips itself' },
    ]);
  });
});
