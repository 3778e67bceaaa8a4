import assert from 'node:assert/strict';
import { RingTroubles } from '../../server/debug/ringView';
import { XsRingError, XsRingFeature } from '../../server/wire/xsRing';
import { ObservedRingPage, PageObserver } from '../support/observedPage';

class CountingObserver extends PageObserver {
  asked = 0;

  override pages() {
    this.asked++;
    return super.pages();
  }
}

function rig() {
  const pages = [new ObservedRingPage({ domid: 3 }), new ObservedRingPage({ domid: 4 })] as const;
  const observer = new CountingObserver(pages.map(({ observed }) => observed));
  const troubles = new RingTroubles(observer);
  return { page: pages[0], other: pages[1], observer, look: (domid: number) => ruleNames(troubles, domid) };
}

const ruleNames = (troubles: RingTroubles, domid: number) => troubles.look(domid).map(({ rule }) => rule);

describe('troubles of rings in the debugger', () => {
  it('are told once, when they begin, and again when they come back', () => {
    const { page, look } = rig();
    assert.deepEqual(look(3), []);
    page.setPair('req', 2000, 0);
    assert.deepEqual(look(3), ['ring.index.req']);
    page.setPair('rsp', 0, 1);
    assert.deepEqual(look(3), ['ring.index.rsp']);
    assert.deepEqual(look(3), []);
    page.setPair('req', 0, 0);
    page.setPair('rsp', 0, 0);
    assert.deepEqual(look(3), []);
    page.setPair('req', 2000, 0);
    assert.deepEqual(look(3), ['ring.index.req']);
  });

  it('are none while a reconnect is under way, and none of a word that is not offered', () => {
    const { page, look } = rig();
    page.setWord('error', XsRingError.PROTO);
    assert.deepEqual(look(3), []);
    page.setPair('req', 2000, 0);
    page.setWord('connection', 1);
    assert.deepEqual(look(3), []);
    page.setWord('connection', 0);
    page.setWord('server_features', XsRingFeature.ERROR);
    assert.deepEqual(look(3), ['ring.index.req', 'ring.error']);
  });

  it('are looked for without asking for the pages again, until some come or go', () => {
    const { page, other, observer, look } = rig();
    for (let turn = 0; turn < 1000; turn++) {
      look(3);
      look(4);
      look(99);
    }
    assert.deepEqual([observer.asked, page.copies, other.copies], [1, 1000, 1000]);
    const anew = new ObservedRingPage({ domid: 4 });
    anew.setPair('req', 2000, 0);
    observer.setPages([page.observed, anew.observed]);
    assert.deepEqual(look(4), ['ring.index.req']);
    anew.isGone = true;
    assert.deepEqual(look(4), []);
    assert.equal(observer.asked, 2);
  });
});
