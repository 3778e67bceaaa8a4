/** Which machine runs which suites on a real Xen. */
import assert from 'node:assert/strict';
import { Turns } from '../../scripts/lib/xen/turns.mjs';

const daemons = ['oxenstored', 'xenstored'];
const suites = ['client', 'once-byHand', 'once-calls', 'once-pvh', 'once-vchanEnds', 'rings'];
const shortNames = ['once-byHand', 'once-calls', 'once-pvh'];

/** What is left for a machine that is alone. */
function allOf(turns: Turns, daemon: string): string[] {
  const taken: string[] = [];
  for (let suite = turns.next(daemon); suite; suite = turns.next(daemon)) taken.push(suite);
  return taken;
}

describe('the turns of the machines', () => {
  it('give each its own suites, and whoever is free the next of the others, a long one first', () => {
    const turns = new Turns(suites, daemons, { seed: 7 });
    assert.deepEqual(turns.own, ['client', 'rings']);
    assert.equal(turns.next('xenstored'), 'once-vchanEnds');
    const short = [turns.next('oxenstored')!, ...allOf(turns, 'xenstored')];
    assert.deepEqual([...short].sort(), shortNames);
    assert.equal(turns.next('oxenstored'), undefined);
    assert.equal(
      String(turns),
      `xenstored=once-vchanEnds,${short.slice(1).join(',')} oxenstored=${short[0]}`,
    );
  });

  it('begin elsewhere with another seed', () => {
    const turns = [0, 1, 2].map((seed) => new Turns(suites, daemons, { seed }));
    assert.deepEqual(
      turns.map((one) => one.daemons[0]),
      ['oxenstored', 'xenstored', 'oxenstored'],
    );
    const firsts = turns.map((one) => allOf(one, 'xenstored')[1]!);
    assert.deepEqual(firsts.sort(), shortNames);
  });

  it('are repeated by what they say of themselves', () => {
    const named = 'xenstored=once-calls,once-vchanEnds oxenstored=once-pvh';
    const turns = new Turns(suites, daemons, { seed: 7, named });
    assert.deepEqual(allOf(turns, 'xenstored'), ['once-calls', 'once-vchanEnds', 'once-byHand']);
    assert.deepEqual(allOf(turns, 'oxenstored'), ['once-pvh']);
    assert.equal(String(turns), 'xenstored=once-calls,once-vchanEnds,once-byHand oxenstored=once-pvh');
  });

  for (const named of ['xenstored=once-nothing', 'nobody=once-pvh', 'xenstored=rings']) {
    it(`are not as ${named} says`, () => {
      assert.throws(() => new Turns(suites, daemons, { seed: 7, named }), {
        message: /^XENSCOPE_XEN_ONCE names/,
      });
    });
  }
});
