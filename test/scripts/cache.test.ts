/** The folders that the emulated Xen is kept in, which several runs share. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filledOnce, markUsed, removeUnused } from '../../scripts/lib/xen/cache.mjs';

describe('a cache of folders', () => {
  let cache: string;
  const at = (name: string) => path.join(cache, name);
  const names = () => readdirSync(cache).sort();
  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), 'xenscope-cache-'));
  });
  afterEach(() => rmSync(cache, { recursive: true, force: true }));

  function put(name: string, ageHours: number): void {
    mkdirSync(at(name));
    writeFileSync(path.join(at(name), 'image'), 'content');
    const then = new Date(Date.now() - ageHours * 3_600_000);
    utimesSync(at(name), then, then);
  }

  it('has a folder under its name when it is whole, and not before', async () => {
    await filledOnce(at('machine-1'), (draft) => {
      assert.deepEqual(names(), [path.basename(draft)]);
      writeFileSync(path.join(draft, 'image'), 'content');
      return Promise.resolve();
    });
    assert.deepEqual(names(), ['machine-1']);
    assert.deepEqual(readdirSync(at('machine-1')), ['image']);
    await assert.rejects(
      filledOnce(at('machine-2'), () => Promise.reject(new Error('no room'))),
      { message: 'no room' },
    );
    assert.deepEqual(names(), ['machine-1']);
  });

  it('takes what another run made meanwhile', async () => {
    await filledOnce(at('machine-1'), (draft) => {
      writeFileSync(path.join(draft, 'image'), 'ours');
      put('machine-1', 0);
      return Promise.resolve();
    });
    assert.deepEqual(names(), ['machine-1']);
  });

  it('removes what nobody has used for a day, and nothing else', () => {
    put('machine-new', 48);
    put('machine-old', 25);
    put('machine-used', 48);
    put('machine-yesterday', 23);
    put('packages-old', 48);
    markUsed(at('machine-used'));
    removeUnused('machine-', at('machine-new'));
    assert.deepEqual(names(), ['machine-new', 'machine-used', 'machine-yesterday', 'packages-old']);
  });

  it('clears away what interrupted runs left, once nobody can be at work on it', async () => {
    put('draft-old', 2);
    put('draft-new', 0);
    await filledOnce(at('machine-1'), () => Promise.resolve());
    assert.deepEqual(names(), ['draft-new', 'machine-1']);
  });
});
