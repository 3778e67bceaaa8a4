import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cError, deviceError, errnoName } from '../../native/cError';
import { quietLogger } from '../../native/quietLogger';
import { hasExternalBuffers } from '../../native/koffi';
import type { LibraryTable } from '../../native/libraries/cTypes';
import { loadLibrary } from '../../native/libraries/loadLibrary';
import { libraryTables, unusable, XenLibraries } from '../../native/libraries/xenLibraries';
import { XenscopeError } from '../../server/host/errors';

/** The mathematics of C are on every Linux: a library as good as any to be found or not. */
const maths = {
  name: 'libm',
  sonames: ['libm.so.6'],
  debianPackage: 'libc6',
  headers: [],
  functions: { fdim: ['int', 'int'] },
} as const satisfies LibraryTable;

if (process.platform === 'linux') {
  describe('a C library', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'xenscope-test-'))));
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it('is found by its name, and by the file that is behind it', () => {
      const state = loadLibrary(maths, []);
      assert.ok(state.kind === 'loaded', state.kind);
      assert.match(state.path, /^\/.*\/libm\.so\.6/);
    });

    it('is taken from the folders that are named, in their order, before the system', () => {
      const system = loadLibrary(maths, []);
      assert.ok(system.kind === 'loaded');
      symlinkSync(system.path, path.join(folder, 'libxenscopetest.so.1'));
      const table = { ...maths, sonames: ['libxenscopetest.so.1'] };
      const state = loadLibrary(table, ['/nowhere', folder]);
      assert.ok(state.kind === 'loaded', state.kind);
      assert.equal(state.path, path.join(folder, 'libxenscopetest.so.1'));
    });

    it('that is missing says what was tried', () => {
      const state = loadLibrary({ ...maths, sonames: ['libxenscopenot.so.3', 'libxenscopenot.so.2'] }, []);
      assert.ok(state.kind === 'missing');
      assert.equal(state.tried.length, 2);
      assert.match(state.tried[1]!, /libxenscopenot\.so\.2/);
    });

    it('that is no library is missing, and not a crash', () => {
      symlinkSync('/etc/passwd', path.join(folder, 'libxenscopebad.so.1'));
      const state = loadLibrary({ ...maths, sonames: ['libxenscopebad.so.1'] }, [folder]);
      assert.equal(state.kind, 'missing');
    });

    it('of another version says which functions it lacks, all of them', () => {
      const functions = { fdim: ['int', 'int'], one_not_there: ['void'], other_not_there: ['void'] } as const;
      const state = loadLibrary({ ...maths, functions }, []);
      assert.ok(state.kind === 'incomplete');
      assert.deepEqual(state.missingSymbols, ['one_not_there', 'other_not_there']);
    });
  });

  describe('the libraries of Xen', () => {
    it('are bound for no function that nobody calls', () => {
      const files = ['native', 'test'].flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('.ts') && !file.includes('tables'))
          .map((file) => readFileSync(path.join(folder, file), 'utf8')),
      );
      const called = new Set(files.join('\n').match(/\w+/g));
      const bound = Object.values(libraryTables).flatMap(({ functions }) => Object.keys(functions));
      assert.deepEqual(
        bound.filter((name) => !called.has(name)),
        [],
      );
    });

    it('are looked for in the folders of the environment, then in those that are set', () => {
      const env = { XENSCOPE_XEN_LIBRARIES: '/first::/second' };
      assert.deepEqual(new XenLibraries({ folders: ['/third'], env }).folders, [
        '/first',
        '/second',
        '/third',
      ]);
      assert.deepEqual(new XenLibraries({ env: {} }).folders, []);
    });

    it('are loaded, or say in a sentence what to install', () => {
      const libraries = new XenLibraries();
      for (const [key, { name }] of Object.entries(libraryTables)) {
        const state = libraries.state(key as keyof typeof libraryTables);
        if (state.kind === 'loaded') continue;
        assert.throws(
          () => libraries.functions(key as keyof typeof libraryTables),
          (error) =>
            error instanceof XenscopeError &&
            error.code === 'unsupported' &&
            error.message.includes(name) &&
            /Debian: libxen|Install/.test(error.wayOut!),
        );
      }
    });

    it('say whether they are missing or broken', () => {
      const absent = 'libxengnttab.so.1: cannot open shared object file: No such file or directory';
      const missing = unusable(libraryTables.gnttab, { kind: 'missing', tried: [absent] });
      assert.equal(missing.message, 'The library libxengnttab is missing.');
      assert.match(missing.wayOut!, /^Install it \(Debian: libxengnttab1\), or name its folder/);
      const tried = ['/some/libxengnttab.so.1: file too short', absent];
      const broken = unusable(libraryTables.gnttab, { kind: 'missing', tried });
      assert.equal(
        broken.message,
        'The library libxengnttab cannot be loaded: /some/libxengnttab.so.1: file too short.',
      );
    });

    it('need the C library of this process, which is always there', () => {
      const { poll } = new XenLibraries().functions('libc');
      assert.equal(poll(null, 0, 0), 0);
    });
  });

  describe('the logger of the libraries', () => {
    it('stays when nobody holds what it was made with', async () => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const logger = quietLogger(new XenLibraries());
      for (let turn = 0; turn < 10; turn++) {
        collect();
        await new Promise((resolve) => setImmediate(resolve));
      }
      // It points into that library: koffi unloads what the collector found.
      assert.equal(logger !== null, readFileSync('/proc/self/maps', 'utf8').includes('/libxentoollog'));
    });
  });

  describe('memory of C', () => {
    it('can lie under a buffer in a plain Node', () => assert.equal(hasExternalBuffers(), true));
  });
}

describe('a failure of C', () => {
  it('has the name of its errno, why, and what to do', () => {
    const error = deviceError('/dev/xen/gntdev', 13, 'xen-gntdev');
    assert.equal(error.message, '/dev/xen/gntdev: EACCES. This user may not open it.');
    assert.match(error.wayOut!, /as root in domain 0: sudo xenscope serve --owner/);
    assert.equal(error.code, 'refused');
    assert.deepEqual(error.cause, { errno: 13, name: 'EACCES' });
  });

  it('has words for each errno that a device may answer with, and for all others', () => {
    for (const errno of [1, 2, 6, 12, 13, 19, 23, 24, 5, 4095, 0, -1]) {
      const error = deviceError('/dev/xen/evtchn', errno, 'xen-evtchn');
      assert.match(error.message, /^\/dev\/xen\/evtchn: .+\. [A-Z].*\.$/);
      assert.ok(error.wayOut !== undefined);
    }
  });

  it('keeps the number of an errno that has no name', () => {
    assert.equal(errnoName(4095 + 1), 'error 4096');
    assert.equal(cError('Something', 5, { other: { code: 'gone' } }).message, 'Something: EIO.');
  });
});
