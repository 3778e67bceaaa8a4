import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DirectionName } from '../../server/capture/pageLayouts';
import { maxReadings, PageSampler } from '../../server/capture/pageSampler';
import { ObservedRingPage, type ObservedRingPageOptions } from '../support/observedPage';

function sampled(options?: ObservedRingPageOptions) {
  const page = new ObservedRingPage(options);
  const sampler = new PageSampler(page.observed);
  let nowMs = 1_000;
  const sample = (afterMs = 33) => sampler.sample((nowMs += afterMs));
  const fresh = (which: 0 | 1) => {
    const pieces: Buffer[] = [];
    let isSure = true;
    sampler.directions[which]!.eachFresh(sampler.bytes, (bytes, start, end, sure) => {
      pieces.push(Buffer.from(bytes.subarray(start, end)));
      isSure &&= sure;
    });
    return { bytes: Buffer.concat(pieces), isSure };
  };
  return { page, sampler, sample, fresh, req: sampler.directions[0]!, rsp: sampler.directions[1]! };
}

const numbered = (length: number, from = 0) =>
  Buffer.from(Array.from({ length }, (_, at) => (from + at) % 251));

describe('PageSampler', () => {
  it('counts what was produced and consumed between two samples', () => {
    const { page, sample, req, rsp } = sampled();
    assert.equal(sample(), 'moved');
    page.produce('req', numbered(300));
    page.consume('req', 100);
    page.pass('rsp', numbered(50));
    assert.equal(sample(), 'moved');
    assert.deepEqual(
      [req.counter.producedBytes, req.counter.consumedBytes, req.counter.usedBytes],
      [300, 100, 200],
    );
    assert.deepEqual(
      [rsp.counter.producedBytes, rsp.counter.consumedBytes, rsp.counter.usedBytes],
      [50, 50, 0],
    );
  });

  it('reads of a page at rest the words, once, and finds nothing', () => {
    const { page, sampler, sample, req } = sampled();
    sample();
    const { copies, copiedBytes } = page;
    assert.equal(sample(), 'same');
    assert.equal(page.copies - copies, 1);
    assert.equal(page.copiedBytes - copiedBytes, sampler.layout.wordsBytes);
    assert.deepEqual([req.counter.producedBytes, req.freshBytes], [0, 0]);
  });

  it('does not write', () => {
    const { page, sample } = sampled();
    page.produce('req', numbered(700));
    const before = Buffer.from(page.bytes);
    sample();
    sample();
    assert.ok(before.equals(page.bytes));
  });

  for (const startIndex of [0, 1000, 2 ** 32 - 500, 2 ** 32 - 1]) {
    it(`gives the new bytes in their order, from index ${startIndex} on, across the end of the array`, () => {
      const { page, sample, fresh } = sampled({ startIndex });
      sample();
      for (let from = 0; from < 5_000; from += 700) {
        const sent = numbered(700, from);
        page.produce('req', sent);
        sample();
        assert.deepEqual(fresh(0), { bytes: sent, isSure: true });
        page.consume('req');
        sample();
        assert.equal(fresh(0).bytes.length, 0);
      }
    });
  }

  it('says how many bytes passed unseen, and shows the last ring full', () => {
    const { page, sample, fresh, req } = sampled({ startIndex: 2 ** 32 - 3_000 });
    sample();
    page.pass('req', numbered(10_000));
    sample();
    assert.deepEqual([req.counter.producedBytes, req.unseenBytes, req.freshBytes], [10_000, 8_976, 1024]);
    assert.ok(fresh(0).bytes.equals(numbered(10_000).subarray(-1024)));
    assert.equal(fresh(0).isSure, false, 'something might be being written over them');
  });

  it('doubts consumed bytes while the producer writes the next ones', () => {
    const { page, sample, fresh } = sampled();
    page.pass('req', numbered(1024));
    sample();
    page.pass('req', numbered(1000, 7));
    sample();
    assert.equal(fresh(0).isSure, true);
    page.pass('req', numbered(1000, 9));
    page.copyIn('req', Buffer.alloc(200, 0xee));
    sample();
    assert.equal(fresh(0).isSure, false);
  });

  it('is sure of what waits, whatever is being written behind it', () => {
    const { page, sample, fresh } = sampled();
    sample();
    page.produce('req', numbered(600));
    page.copyIn('req', Buffer.alloc(424, 0xee));
    sample();
    assert.deepEqual(fresh(0), { bytes: numbered(600), isSure: true });
  });

  it('shows what waited before the first sample', () => {
    const { page, sample, fresh, req } = sampled();
    page.produce('req', numbered(40));
    sample();
    assert.deepEqual(fresh(0).bytes, numbered(40));
    assert.equal(req.counter.totalProducedBytes, 0, 'when they were produced nobody knows');
  });

  it('tries again when the words move between two copies', () => {
    const { page, sampler, sample, req } = sampled();
    sample();
    let moves = 2;
    page.beforeCopy = () => {
      if (moves-- > 0) page.produce('req', numbered(10));
    };
    assert.equal(sample(), 'moved');
    assert.equal(req.counter.usedBytes, page.used('req'));
    assert.equal(sampler.tornSamples, 0);
  });

  it('calls a sample torn when the words never hold still, and loses no byte of the count', () => {
    const { page, sampler, sample, req } = sampled();
    sample();
    page.beforeCopy = () => page.pass('req', numbered(10));
    const copies = page.copies;
    assert.equal(sample(), 'torn');
    assert.equal(
      page.copies - copies,
      2 * maxReadings - 1,
      'the words, and arrays and words again and again',
    );
    assert.deepEqual([sampler.tornSamples, req.counter.producedBytes], [1, 0]);
    page.beforeCopy = undefined;
    assert.equal(sample(), 'moved');
    assert.equal(req.counter.totalProducedBytes, page.produced.req);
  });

  it('keeps its count through indices that cannot be', () => {
    const { page, sample, req } = sampled({ startIndex: 5_000 });
    sample();
    page.pass('req', numbered(100));
    page.setPair('req', 77, page.word('req_cons'));
    assert.equal(sample(), 'moved');
    assert.equal(req.result, 'insane');
    assert.equal(req.counter.distance, (77 - 5_100) >>> 0);
    page.setPair('req', 5_100, 5_100);
    page.pass('req', numbered(50));
    sample();
    assert.equal(req.result, 'moved');
    assert.equal(req.counter.totalProducedBytes, 150);
  });

  it('takes indices that run back for a reset, and counts on from there', () => {
    const { page, sample, req } = sampled();
    sample();
    page.pass('req', numbered(3_000));
    sample();
    page.setPair('req', 0, 0);
    sample();
    assert.deepEqual([req.result, req.counter.resets, req.counter.producedBytes], ['reset', 1, 0]);
    page.pass('req', numbered(40));
    sample();
    assert.deepEqual([req.result, req.counter.totalProducedBytes], ['moved', 3_040]);
  });

  it('does not take the wrap at 2^32 for a reset', () => {
    const { page, sample, req } = sampled({ startIndex: 2 ** 32 - 10 });
    sample();
    page.pass('req', numbered(20));
    sample();
    assert.deepEqual([req.result, req.counter.totalProducedBytes, req.counter.resets], ['moved', 20, 0]);
  });

  it('takes a leap that no memory can do for a reset', () => {
    const { page, sample, req } = sampled();
    sample();
    page.setPair('req', 2 ** 30, 2 ** 30);
    sample(100);
    assert.equal(req.result, 'reset');
  });

  it('reads no index while the connection word asks for a reconnect', () => {
    const { page, sampler, sample, req } = sampled();
    sample();
    page.pass('req', numbered(3_000));
    sample();
    page.setWord('connection', 1);
    page.setPair('req', 0xdeadbeef, 12);
    sample();
    assert.deepEqual([sampler.isReconnecting, req.freshBytes, req.counter.isInsane], [true, 0, false]);
    page.setPair('req', 0, 0);
    page.setWord('connection', 0);
    page.pass('req', numbered(3_100));
    sample();
    assert.equal(sampler.isReconnecting, false);
    assert.deepEqual([req.result, req.counter.resets], ['first', 1]);
    page.pass('req', numbered(7));
    sample();
    assert.equal(req.counter.totalProducedBytes, 3_007, 'bytes around the reset are not counted');
  });

  it('says when the page is gone', () => {
    const { page, sample } = sampled();
    sample();
    page.isGone = true;
    assert.equal(sample(), 'gone');
  });

  it('reads the console page with its rings of two sizes', () => {
    const { page, sample, fresh, req: input, rsp: output } = sampled({ kind: 'console' });
    sample();
    page.produce('out', numbered(2_000));
    page.produce('in', numbered(10));
    sample();
    assert.deepEqual([input.counter.usedBytes, output.counter.usedBytes], [10, 2_000]);
    assert.deepEqual(fresh(1).bytes, numbered(2_000));
  });

  const act = fc.record({
    name: fc.constantFrom<DirectionName>('req', 'rsp'),
    what: fc.constantFrom('produce', 'consume', 'pass', 'halfWrite', 'sample'),
    bytes: fc.integer({ min: 0, max: 2_500 }),
  });

  it('counts exactly what passed, and shows the true last bytes, whenever it looks', () => {
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 200 }),
        fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 2 ** 32 - 3_000, max: 2 ** 32 - 1 })),
        fc.integer({ min: 0, max: 40 }),
        (acts, startIndex, stepMs) => {
          const { page, sampler, sample } = sampled({ startIndex });
          /** Everything that each producer published, from the first on. */
          const truth: Record<string, number[]> = { req: [], rsp: [] };
          let next = 1;
          const some = (length: number) =>
            Buffer.from(Array.from({ length }, () => (next = (next * 37 + 11) % 257) & 0xff));
          sample();
          const check = () => {
            sample(stepMs);
            sampler.directions.forEach(({ counter, layout, freshBytes, unseenBytes }, which) => {
              const { name } = layout;
              assert.equal(counter.totalProducedBytes, page.produced[name]);
              assert.equal(counter.totalConsumedBytes, page.consumed[name]);
              assert.equal(counter.usedBytes, page.used(name));
              assert.equal(counter.resets, 0);
              assert.equal(freshBytes + unseenBytes, counter.producedBytes);
              const shown: number[] = [];
              let isSure = true;
              sampler.directions[which]!.eachFresh(sampler.bytes, (bytes, start, end, sure) => {
                shown.push(...bytes.subarray(start, end));
                isSure &&= sure;
              });
              if (isSure) assert.deepEqual(shown, truth[name]!.slice(truth[name]!.length - shown.length));
            });
          };
          for (const { name, what, bytes } of acts) {
            if (what === 'sample') check();
            else if (what === 'consume') page.consume(name, bytes);
            else if (what === 'halfWrite') page.copyIn(name, some(Math.min(bytes, 1024 - page.used(name))));
            else {
              const sent = some(bytes);
              if (what === 'pass') {
                page.consume(name);
                page.pass(name, sent);
                truth[name]!.push(...sent);
              } else truth[name]!.push(...sent.subarray(0, page.produce(name, sent)));
            }
          }
          check();
        },
      ),
      { numRuns: 300 },
    );
  });
});
