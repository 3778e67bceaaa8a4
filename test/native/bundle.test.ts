/** The native part in a bundle, as it is shipped: in a folder from which no other koffi can be found. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(__dirname, '../..');
const program = `
  import { openPages } from ${JSON.stringify(path.join(root, 'server/cli/openPages.ts'))};
  const lines: string[] = [];
  const pool = openPages((line) => lines.push(line));
  const shared = pool.allocate(1);
  Atomics.store(new Int32Array(shared.buffer), 0, 42);
  const read = Atomics.load(new Int32Array(shared.readOnly().buffer), 0);
  pool.close();
  console.log(JSON.stringify({ isShared: pool.isShared, lines, read }));
`;

interface Report {
  readonly isShared: boolean;
  readonly lines: readonly string[];
  readonly read: number;
}

if (process.platform === 'linux') {
  describe('pages in a bundle', () => {
    let folder: string;
    beforeEach(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'xenscope-test-'));
      await build({
        stdin: { contents: program, loader: 'ts', resolveDir: root },
        bundle: true,
        platform: 'node',
        format: 'cjs',
        external: ['koffi'],
        outfile: path.join(folder, 'dist', 'server.cjs'),
      });
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const run = (...before: string[]): Report => {
      const args = [...before, path.join(folder, 'dist', 'server.cjs')];
      return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Report;
    };

    async function withKoffi(): Promise<void> {
      const { copyKoffi } = (await import(path.join(root, 'scripts/lib/koffi.mjs'))) as {
        copyKoffi(folder: string): void;
      };
      copyKoffi(path.join(folder, 'dist'));
    }

    it('are shared when koffi lies beside it', async () => {
      await withKoffi();
      assert.deepEqual(run(), { isShared: true, lines: [], read: 42 });
    });

    it('are of the process when koffi is missing, and that is said', () => {
      const { isShared, lines, read } = run();
      assert.deepEqual([isShared, read], [false, 42]);
      assert.match(lines.join(), /stay within this process: The native part .* does not run here\.$/);
    });

    it('are of the process when its native file is missing or broken', async () => {
      await withKoffi();
      const native = path.join(folder, 'dist/node_modules/@koromix');
      rmSync(native, { recursive: true });
      assert.equal(run().isShared, false);
      for (const triplet of ['linux', 'musl']) {
        cpSync(
          path.join(root, 'package.json'),
          path.join(native, `koffi-linux-${process.arch}/${triplet}_${process.arch}/koffi.node`),
        );
      }
      cpSync(path.join(root, 'package.json'), path.join(native, `koffi-linux-${process.arch}/index.js`));
      assert.equal(run().isShared, false);
    });

    it('are of the process in Electron, which lets no program use mapped memory', async () => {
      await withKoffi();
      const preload = path.join(folder, 'electron.cjs');
      writeFileSync(preload, `Object.defineProperty(process.versions, 'electron', { value: '30.0.0' });`);
      const { isShared, lines } = run('--require', preload);
      assert.equal(isShared, false);
      assert.match(lines.join(), /Electron/);
    });
  });
}
