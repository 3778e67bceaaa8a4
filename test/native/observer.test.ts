import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { openFilePages } from '../../native/pages';
import { PAGE_BYTES } from '../../server/host/pages';
import { newMachine } from '../support/machineHost';

/** How this process maps the files of shared pages now, e.g. `rw-s` for reading and writing. */
function mappings(): string[] {
  return readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes('/xenscope-'))
    .map((line) => line.split(' ')[1]!)
    .sort();
}

if (process.platform === 'linux') {
  describe('the observer of a machine whose pages are files', () => {
    it('maps them for reading only, when it first looks, and not longer than the domain lives', () => {
      const before = mappings();
      const pool = openFilePages();
      try {
        const machine = newMachine({ pool });
        const { xenstore } = machine.createDomain(1);
        assert.deepEqual(mappings(), [...before, 'rw-s', 'rw-s'].sort());
        const [page] = machine.observer().pages();
        const seen = Buffer.alloc(PAGE_BYTES);
        xenstore.memory.store32(2052, 0xabcd);
        assert.equal(page!.copy(seen), true);
        assert.equal(page!.copy(seen), true);
        assert.equal(seen.readUInt32LE(2052), 0xabcd);
        assert.deepEqual(mappings(), [...before, 'r--s', 'rw-s', 'rw-s'].sort());
        machine.destroyDomain(1);
        assert.equal(page!.copy(seen), false);
        assert.deepEqual(mappings(), before);
      } finally {
        pool.close();
      }
    });
  });
}
