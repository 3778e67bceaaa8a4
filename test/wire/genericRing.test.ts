/** The rules of ring.h that both ends of a generic ring keep: cases 97 to 99. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  finalCheck,
  requestsOverflow,
  responsesOverflow,
  unconsumedRequests,
} from '../../server/wire/genericRing';
import { advanceIndex, mustNotify } from '../../server/wire/ringIndex';

const slots = 32;
const start = fc.oneof(fc.constant(0), fc.constant(0xfffffff8), fc.integer({ min: 0, max: 0xffffffff }));

describe('generic rings', () => {
  it('case 97: a push notifies exactly when the event lies in what it published, also across 2^32', () => {
    assert.ok(mustNotify(0xfffffffe, 2, 0xffffffff));
    assert.ok(mustNotify(0xfffffffe, 2, 2));
    assert.ok(!mustNotify(0xfffffffe, 2, 0xfffffffe));
    assert.ok(!mustNotify(0xfffffffe, 2, 3));
    assert.ok(!mustNotify(5, 5, 5), 'nothing published');
  });

  it('case 98: the final check asks for the next entry, then looks again', () => {
    const events: number[] = [];
    assert.ok(
      !finalCheck(
        7,
        () => 7,
        (event) => events.push(event),
      ),
    );
    assert.deepEqual(events, [8]);
    assert.ok(
      finalCheck(
        7,
        () => 8,
        (event) => events.push(event),
      ),
      'work is there already',
    );
    assert.deepEqual(events, [8], 'and no event was asked for');
    assert.ok(
      !finalCheck(
        0xffffffff,
        () => 0xffffffff,
        (event) => events.push(event),
      ),
    );
    assert.equal(events.at(-1), 0);
  });

  it('case 98: no entry is slept through, whenever it comes', () => {
    fc.assert(
      fc.property(start, fc.nat(2), (cons, comesAtLook) => {
        let prod = cons;
        let event = cons;
        let rung = false;
        let looks = 0;
        const publish = () => {
          const before = prod;
          prod = advanceIndex(prod, 1);
          rung = mustNotify(before, prod, event);
        };
        const look = () => {
          if (looks++ === comesAtLook) publish();
          return prod;
        };
        const works = finalCheck(cons, look, (asked) => (event = asked));
        if (prod === cons) publish();
        assert.ok(works || rung);
      }),
    );
  });

  it('case 99: more requests than slots are called what they are, on both sides', () => {
    assert.ok(!requestsOverflow(32, 0, slots));
    assert.ok(requestsOverflow(33, 0, slots));
    assert.ok(requestsOverflow(0, 1, slots));
    assert.ok(!responsesOverflow(0x10, 0xfffffff0, slots));
    assert.ok(responsesOverflow(0x11, 0xfffffff0, slots));
  });

  it('a backend takes no more requests than it has room to answer', () => {
    assert.equal(unconsumedRequests(5, 2, 2, slots), 3);
    assert.equal(unconsumedRequests(40, 32, 0, slots), 0);
    fc.assert(
      fc.property(start, fc.nat(slots), fc.nat(64), (rspProd, taken, claimed) => {
        const reqCons = advanceIndex(rspProd, taken);
        const takes = unconsumedRequests(advanceIndex(reqCons, claimed), reqCons, rspProd, slots);
        assert.ok(takes <= claimed && taken + takes <= slots);
      }),
    );
  });
});
