/** The page that the kernel shows of a domain's own store ring, and every way in which it cannot be had; a file stands for it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ForeignMemory } from '../../native/foreignMemory';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { mapOwnRing } from '../../native/observer/ownRing';
import { PAGE_BYTES } from '../../server/host/pages';
import { throwsCode } from '../support/throwsCode';
import { withoutBuffers } from '../support/withoutBuffers';

const nobody = 65_534;

if (process.platform === 'linux') {
  describe('the own store ring of a domain', () => {
    const libraries = new XenLibraries({ env: {} });
    const bytes = randomBytes(PAGE_BYTES);
    let folder: string;
    let file: string;

    before(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'xenscope-test-'));
      file = path.join(folder, 'page');
      writeFileSync(file, bytes);
    });
    after(() => rmSync(folder, { recursive: true, force: true }));
    afterEach('nothing stays mapped', () => assert.deepEqual(mappings(), []));

    const mappings = () => {
      const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
      return lines.filter((line) => line.includes(folder)).map((line) => line.split(' ')[1]);
    };

    for (const views of [true, false]) {
      it(`is mapped for reading and given back, ${views ? 'with a buffer' : 'with copies'}`, () => {
        const { memory, found, unmap } = mapOwnRing(libraries, views, file);
        assert.deepEqual(mappings(), ['r--s']);
        assert.ok(found.startsWith(`mapped for reading through ${file}`));
        const seen = Buffer.alloc(PAGE_BYTES);
        memory.copyOut(0, seen);
        assert.deepEqual(seen, bytes);
        throwsCode(() => memory.store32(0, 1), 'refused');
        unmap();
        throwsCode(() => memory.load32(0), 'gone');
      });
    }

    const failure = (place: string) => {
      try {
        mapOwnRing(libraries, true, place).unmap();
      } catch (error) {
        return error as { code: string; message: string; wayOut: string };
      }
      return assert.fail('it was mapped');
    };

    it('is not there: what to mount', () => {
      const { code, message, wayOut } = failure(path.join(folder, 'missing'));
      assert.deepEqual([code, message], ['unsupported', `${folder}/missing: ENOENT.`]);
      assert.match(wayOut, /mount -t xenfs/);
    });

    it('may not be opened: who may', () => {
      const user = process.geteuid!();
      chmodSync(file, 0);
      // Root may open everything: it is somebody else for a moment.
      if (user === 0) process.seteuid!(nobody);
      try {
        const { code, message, wayOut } = failure(file);
        assert.deepEqual([code, message], ['refused', `${file}: EACCES. This user may not open it.`]);
        assert.match(wayOut, /as root in domain 0/);
      } finally {
        process.seteuid!(user);
        chmodSync(file, 0o600);
      }
    });

    it('can be opened and not mapped: where it can', () => {
      const { code, message, wayOut } = failure(folder);
      assert.equal(code, 'unsupported');
      assert.match(message, /: ENODEV\. It cannot be mapped: no xenstored of this domain serves it\./);
      assert.match(wayOut, /in the domain whose xenstored it is/);
    });

    it('can be mapped and not looked at: it is not held', () => {
      withoutBuffers(() => throwsCode(() => mapOwnRing(libraries, true, file), 'unsupported'));
    });
  });

  describe('the frames of other domains, where there is no Xen', () => {
    it('cannot be had, and that is said before anything of C is asked', () => {
      const foreign = new ForeignMemory(new XenLibraries());
      throwsCode(() => foreign.map(1, 2n ** 52n), 'notOurs');
      throwsCode(() => foreign.map(-1, 1n), 'notOurs');
      assert.throws(() => foreign.map(1, 1 as never), RangeError);
      throwsCode(() => foreign.mustMap(), 'unsupported');
      assert.equal(foreign.hvmParam(0x7ff0, 1), undefined);
      assert.equal(foreign.hvmParam(1, -1), undefined);
      foreign.close();
      foreign.close();
      throwsCode(() => foreign.mustMap(), 'gone');
    });
  });
}
