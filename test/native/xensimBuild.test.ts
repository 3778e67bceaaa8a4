/** The build of the libraries for joined programs: with a compiler, without one, without headers, and with one that refuses. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const script = path.resolve(__dirname, '../../scripts/lib/xensim.mjs');

describe('the build of the libraries for joined programs', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'xensim-build-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** What it answers, in a process with this compiler. */
  function build(compiler: string | undefined): { readonly answer: string; readonly error: string } {
    const program = `import(${JSON.stringify(script)}).then(({ buildXensim }) =>
      console.log(buildXensim(${JSON.stringify(path.join(folder, 'out'))}) ?? 'built'))`;
    const env = { ...process.env, ...(compiler === undefined ? {} : { CC: compiler }) };
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { env, encoding: 'utf8' });
    return { answer: stdout.trim(), error: stderr };
  }

  it('says in one sentence why there are none', () => {
    const { answer } = build(path.join(folder, 'no-such-compiler'));
    assert.match(answer, /^Without the libraries for joined programs: .+\.$/);
    assert.ok(!existsSync(path.join(folder, 'out')));
  });

  if (process.platform === 'linux') {
    function compilerThat(does: string): string {
      const place = path.join(folder, 'compiler');
      writeFileSync(place, `#!/bin/sh\n${does}\n`);
      chmodSync(place, 0o700);
      return place;
    }

    it('fails with the words of the compiler when they do not compile', () => {
      const refusing = compilerThat(
        'case "$1" in --version|-fsyntax-only) exit;; esac; echo "not today" >&2; exit 1',
      );
      assert.match(build(refusing).error, /libxenevtchn\.so\.1 does not compile:\nnot today/);
    });

    it('says that headers are missing where a compiler has none, and fails nothing', () => {
      const { answer, error } = build(compilerThat('exec cc -nostdinc "$@"'));
      assert.equal(error, '');
      if (spawnSync('cc', ['--version']).status !== 0) return assert.match(answer, /cannot be started\.$/);
      assert.match(
        answer,
        /^Without .+ finds no headers of the C library \(Debian: apt-get install libc6-dev\)\.$/,
      );
      assert.ok(!existsSync(path.join(folder, 'out')));
    });

    it('makes each of them where there is a compiler', () => {
      const { answer, error } = build(undefined);
      // A machine without a compiler has been told so above.
      if (answer !== 'built') return assert.match(answer, /there is no C compiler|finds no headers/, error);
      assert.deepEqual(readdirSync(path.join(folder, 'out')).sort(), [
        'libxenctrl.so.4.17',
        'libxenevtchn.so.1',
        'libxenforeignmemory.so.1',
        'libxengnttab.so.1',
      ]);
    });
  }
});
