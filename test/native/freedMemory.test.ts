import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { loadLibrary } from '../../native/libraries/loadLibrary';
import { mallocTable } from '../../native/libraries/tables/libc';
import { PAGE_BYTES } from '../../server/host/pages';

const pieces = 256;
const pieceBytes = 96 * 1024;
const rounds = 20;

/** Faults of a process that frees 24 MiB in small pieces and takes them again, over and over. */
function faults(): number {
  const program = `
    const { keepFreedMemory } = require('./native/freedMemory');
    const { loadKoffi } = require('./native/koffi');
    const libc = loadKoffi().load(null);
    const malloc = libc.func('malloc', 'uint64_t', ['size_t']);
    const free = libc.func('free', 'void', ['uint64_t']);
    const memset = libc.func('memset', 'uint64_t', ['uint64_t', 'int', 'size_t']);
    const round = () => {
      const pieces = Array.from({ length: ${pieces} }, () => malloc(${pieceBytes}));
      for (const piece of pieces) memset(piece, 1, ${pieceBytes});
      for (const piece of pieces) free(piece);
    };
    if (!keepFreedMemory()) throw new Error('refused');
    round();
    const before = process.resourceUsage().minorPageFault;
    for (let count = 0; count < ${rounds}; count++) round();
    console.log(process.resourceUsage().minorPageFault - before);
  `;
  const cwd = path.resolve(__dirname, '../..');
  return Number(
    execFileSync(process.execPath, ['--import', 'tsx', '-e', program], { cwd, encoding: 'utf8' }),
  );
}

const hasMallopt = process.platform === 'linux' && loadLibrary(mallocTable, []).kind === 'loaded';

if (hasMallopt) {
  describe('memory that is freed', () => {
    it('is kept for what comes next', () => {
      const pages = (rounds * pieces * pieceBytes) / PAGE_BYTES;
      const count = faults();
      assert.ok(count < pages / 10, `${count} faults for ${pages} pages`);
    });
  });
}
