/** What the tallies of `npm test` say where nothing may be skipped. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

describe('a file that runs once more from its start', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'stages-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Two files: all is well in one, and in the other what a first run did stands in the way for as long as it lives. */
  const specs = (name: string, heals: boolean) => {
    const mark = JSON.stringify(path.join(folder, `${name}.mark`));
    const fine = path.join(folder, `${name}Fine.test.cjs`);
    const moody = path.join(folder, `${name}Moody.test.cjs`);
    writeFileSync(fine, `it('is fine', () => {});\n`);
    writeFileSync(
      moody,
      `const fs = require('node:fs');
       const isFirstRun = !fs.existsSync(${mark});
       fs.appendFileSync(${mark}, 'ran\\n');
       it('passes at once', () => {});
       it('passes when begun anew', () => { if (${!heals} || isFirstRun) throw new Error('in its way'); });\n`,
    );
    return [fine, moody];
  };

  const run = async (name: string, heals: boolean, jobs: number) => {
    const told: string[] = [];
    const tally = await mochaStage(name, specs(name, heals), {
      beginAnew: true,
      jobs,
      retries: 1,
      testTimeoutMs: 60_000,
      timeoutMs: 120_000,
      onLine: (line: string) => told.push(line),
    });
    return { tally, told, begun: readFileSync(path.join(folder, `${name}.mark`), 'utf8') };
  };

  for (const jobs of [1, 2]) {
    const beside = jobs === 1 ? 'by itself' : 'beside another';

    it(`counts as it then ends, each test once, and is told: ${beside}`, async function () {
      this.timeout(120_000);
      const { tally, told, begun } = await run(`heals${jobs}`, true, jobs);
      assert.deepEqual([tally.passed, tally.failures.length, tally.skipped.length], [3, 0, 0]);
      assert.equal(begun, 'ran\nran\n');
      assert.ok(
        told.includes('· begun anew for: passes when begun anew (Error: in its way)'),
        told.join('\n'),
      );
    });

    it(`fails when it fails again: ${beside}`, async function () {
      this.timeout(120_000);
      const { tally } = await run(`fails${jobs}`, false, jobs);
      assert.equal(tally.passed, 2);
      assert.deepEqual(
        tally.failures.map(({ title }) => title),
        ['passes when begun anew'],
      );
    });
  }
});

describe('a test that was skipped', () => {
  it('is told with what it needs, which stands in its title', () => {
    const titles = [
      'xenscope serve --owner lets that user in: missing here: the rights of root',
      'our client: missing here: gcc (Debian packages: gcc) runs',
      'a test that has its own reasons',
    ];
    const file = 'some.test.ts';
    const lines = [...titles.map((title) => ({ kind: 'skipped', title, file })), { kind: 'end' }];
    const report = lines.map((line) => JSON.stringify(line)).join('\n');
    assert.deepEqual(reportedTally('unit', report, { code: 0, output: '' }, true).skipped, [
      { title: 'xenscope serve --owner lets that user in', file, why: 'missing here: the rights of root' },
      { title: 'our client', file, why: 'missing here: gcc (Debian packages: gcc)' },
      { title: 'a test that has its own reasons', file, why: 'it skips itself' },
    ]);
  });
});
