import assert from 'node:assert/strict';
import fc from 'fast-check';
import { KeptValues } from '../../server/model/keptValues';

describe('the values that a watch keeps to tell the one before', () => {
  it('forgets the value seen longest ago when they are too many', () => {
    const kept = new KeptValues({ maxValues: 2, maxBytes: 1_000 });
    assert.equal(kept.keep('/a', Buffer.from('1')), true);
    assert.equal(kept.keep('/b', Buffer.from('1')), true);
    assert.equal(kept.keep('/a', Buffer.from('2')), true, 'a value seen again takes no new place');
    assert.equal(kept.keep('/c', undefined), false);
    assert.deepEqual(
      [...kept],
      [
        ['/a', Buffer.from('2')],
        ['/c', undefined],
      ],
    );
  });

  it('forgets below a node that is gone', () => {
    const kept = new KeptValues({ maxValues: 9, maxBytes: 1_000 });
    for (const path of ['/a', '/a/b', '/ab']) kept.keep(path, Buffer.from('x'));
    kept.keep('/a', undefined);
    assert.deepEqual(
      [...kept].map(([path]) => path),
      ['/ab', '/a'],
    );
  });

  it('never holds more bytes than it may, whatever comes', () => {
    const paths = fc.constantFrom('/a', '/a/b', '/a/b/c', '/d', '/d/e');
    const values = fc.option(fc.uint8Array({ maxLength: 60 }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(paths, values)), (seen) => {
        const kept = new KeptValues({ maxValues: 4, maxBytes: 100 });
        for (const [path, value] of seen) {
          kept.keep(path, value && Buffer.from(value));
          const all = [...kept];
          const bytes = all.reduce((sum, [at, held]) => sum + at.length + (held?.length ?? 0), 0);
          assert.ok(bytes <= 100 && all.length <= 4);
          assert.deepEqual(all.at(-1), [path, value && Buffer.from(value)]);
        }
      }),
    );
  });
});
