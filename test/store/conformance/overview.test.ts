import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { overview, overviewFile, rows } from './overview';

const root = path.dirname(path.dirname(overviewFile));

describe('conformance: overview', () => {
  it('covers every case from 1 to 72 but 48', () => {
    const covered = new Set(rows.map(({ id }) => id));
    const wanted = Array.from({ length: 72 }, (_, n) => n + 1).filter((number) => number !== 48);
    assert.deepEqual(
      wanted.filter((number) => !covered.has(number)),
      [],
    );
  });

  it('has no two cases of one title, and names files that hold them', async () => {
    const titles = rows.map(({ id, behaviour }) => `${id} ${behaviour}`);
    assert.equal(new Set(titles).size, titles.length);
    for (const { id, file } of rows) {
      const text = await readFile(path.join(root, file), 'utf8');
      assert.ok(text.includes(`id: ${typeof id === 'number' ? id : `'${id}'`},`), `${file} has ${id}`);
    }
  });

  it('is written down in docs/conformance.md', async () => {
    assert.equal(
      await readFile(overviewFile, 'utf8'),
      await overview(),
      'write it again with writeOverview.ts',
    );
  });
});
