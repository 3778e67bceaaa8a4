/** Which of several nodes a grant belongs to. */
import assert from 'node:assert/strict';
import { GrantNodes } from '../../native/observer/grantNodes';
import type { VchanNode } from '../../server/vchan/findVchans';

describe('nodes that name a grant', () => {
  const [stale, fresh, other] = [node('x/stale', 76), node('x/fresh', 76), node('x/other', 77)];
  let nodes: GrantNodes;
  beforeEach(() => (nodes = new GrantNodes()));

  function node(name: string, gref: number) {
    return { path: `/local/domain/1/data/${name}`, gref };
  }
  /** By a search that missed nothing that was heard before. */
  const standing = (...found: VchanNode[]) => at(nodes.moment, ...found);
  const at = (moment: number, ...found: VchanNode[]) =>
    nodes.standing(found, moment).map(({ path, gref }) => ({ path, gref }));

  it('stand while no other one names it', () => {
    assert.deepEqual(standing(stale, other), [stale, other]);
  });

  for (const order of [
    [stale, fresh],
    [fresh, stale],
  ]) {
    const place = order[0] === fresh ? 'first' : 'last';
    it(`belong to the one that came later, listed ${place}, and to nobody when it has gone`, () => {
      standing(stale, other);
      assert.deepEqual(standing(...order, other), [fresh, other]);
      assert.deepEqual(standing(...order, other), [fresh, other]);
      assert.deepEqual(standing(stale, other), [other]);
    });

    it(`are shown one at a time where nobody saw who came later, ${place} the one that goes`, () => {
      for (let looks = 0; looks < 3; looks++) assert.deepEqual(standing(...order), [order[1]]);
      assert.deepEqual(standing(order[0]!), [order[0]]);
      assert.deepEqual(standing(order[0]!), [order[0]]);
    });
  }

  it('stand again when they are written again', () => {
    standing(stale);
    standing(stale, fresh);
    nodes.written(`${stale.path}/ring-ref`);
    assert.deepEqual(standing(stale, fresh), [stale]);
    assert.deepEqual(standing(fresh), []);
  });

  it('are not written by what happens to their folder or to another node in it', () => {
    standing(stale);
    standing(stale, fresh);
    for (const name of ['', '/event-channel', '/ring-reference']) nodes.written(`${stale.path}${name}`);
    assert.deepEqual(standing(stale, fresh), [fresh]);
  });

  it('are not written by what is heard while the search is under way: it may be that they went', () => {
    standing(stale);
    standing(stale, fresh);
    const { moment } = nodes;
    nodes.written(`${stale.path}/ring-ref`);
    assert.deepEqual(at(moment, stale, fresh), [fresh]);
    assert.deepEqual(standing(fresh), [fresh]);
    assert.deepEqual(standing(stale, fresh), [stale], 'found again, it is new');
  });

  it('stand again with another grant, when they were away, and when events may have been missed', () => {
    standing(stale);
    standing(stale, fresh);
    const changed = node('x/stale', 80);
    assert.deepEqual(standing(changed, fresh), [changed, fresh]);
    assert.deepEqual(standing(fresh), [fresh]);
    assert.deepEqual(standing(fresh, stale), [stale]);
    nodes.forget();
    assert.deepEqual(standing(fresh), [fresh]);
  });

  it('are others when they are written again, and no others when events may have been missed', () => {
    const writings = () => nodes.standing([stale, other], nodes.moment).map(({ writing }) => writing);
    const [first, beside] = writings();
    assert.deepEqual(writings(), [first, beside]);
    nodes.written(`${stale.path}/ring-ref`);
    const [again, still] = writings();
    assert.notEqual(again, first);
    assert.equal(still, beside);
    nodes.forget();
    assert.deepEqual(writings(), [again, beside]);
  });
});
