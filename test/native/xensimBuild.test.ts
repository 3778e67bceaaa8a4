/** The build of the libraries for joined programs: with a compiler, without one, and with one that refuses. */
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
    it('fails with the words of the compiler when they do not compile', () => {
      const refusing = path.join(folder, 'refusing');
      writeFileSync(refusing, '#!/bin/sh\n[ "$1" = --version ] || { echo "not today" >&2; exit 1; }\n');
      chmodSync(refusing, 0o700);
      assert.match(build(refusing).error, /libxenevtchn\.so\.1 does not compile:\nnot today/);
    });

    it('makes each of them where there is a compiler', () => {
      const { answer, error } = build(undefined);
      // A machine without a compiler has been told so above.
      if (answer !== 'built') return assert.match(answer, /there is no C compiler/, error);
      assert.deepEqual(readdirSync(path.join(folder, 'out')).sort(), [
        'libxenctrl.so.4.17',
        'libxenevtchn.so.1',
        'libxenforeignmemory.so.1',
        'libxengnttab.so.1',
      ]);
    });
  }
});
