/** Which of several nodes a grant belongs to. */
import assert from 'node:assert/strict';
import { GrantNodes } from '../../native/observer/grantNodes';

describe('nodes that name a grant', () => {
  const [stale, fresh, other] = [node('x/stale', 76), node('x/fresh', 76), node('x/other', 77)];
  let nodes: GrantNodes;
  beforeEach(() => (nodes = new GrantNodes()));

  function node(name: string, gref: number) {
    return { path: `/local/domain/1/data/${name}`, gref };
  }

  it('stand while no other one names it', () => {
    assert.deepEqual(nodes.standing([stale, other]), [stale, other]);
  });

  for (const order of [
    [stale, fresh],
    [fresh, stale],
  ]) {
    it(`belong to the one that came later, listed ${order[0] === fresh ? 'first' : 'last'}, and to nobody when it has gone`, () => {
      nodes.standing([stale, other]);
      assert.deepEqual(nodes.standing([...order, other]), [fresh, other]);
      assert.deepEqual(nodes.standing([...order, other]), [fresh, other]);
      assert.deepEqual(nodes.standing([stale, other]), [other]);
    });
  }

  it('stand again when they are written again', () => {
    nodes.standing([stale]);
    nodes.standing([stale, fresh]);
    nodes.written(`${stale.path}/ring-ref`);
    assert.deepEqual(nodes.standing([stale, fresh]), [stale]);
  });

  it('stand again with another grant, or when they were away', () => {
    nodes.standing([stale]);
    nodes.standing([stale, fresh]);
    const changed = node('x/stale', 80);
    assert.deepEqual(nodes.standing([changed, fresh]), [changed, fresh]);
    assert.deepEqual(nodes.standing([fresh]), [fresh]);
    assert.deepEqual(nodes.standing([fresh, stale]), [stale]);
  });
});
