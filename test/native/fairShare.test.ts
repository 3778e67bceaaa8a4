/** What is looked at when domains offer more than can be. */
import assert from 'node:assert/strict';
import { fairShare, leftOutText } from '../../native/observer/fairShare';

const offers = (domid: number, count: number) => Array.from({ length: count }, (_, at) => ({ domid, at }));
const counts = (places: readonly { readonly domid: number }[]) => {
  const byDomid: Record<number, number> = {};
  for (const { domid } of places) byDomid[domid] = (byDomid[domid] ?? 0) + 1;
  return byDomid;
};

describe('a fair share', () => {
  it('is all where there is room', () => {
    const all = [...offers(1, 2), ...offers(2, 2)];
    assert.deepEqual(fairShare(all, 4), { taken: all, leftOut: [] });
  });

  it('leaves nothing out of a domain that offers little, however much others offer', () => {
    const all = [...offers(1, 256), ...offers(2, 256), ...offers(3, 4), ...offers(9, 1)];
    const { taken, leftOut } = fairShare(all, 512);
    assert.equal(taken.length, 512);
    assert.deepEqual(counts(taken), { 1: 254, 2: 253, 3: 4, 9: 1 });
    assert.deepEqual(counts(leftOut), { 1: 2, 2: 3 });
  });

  it('takes the first ones of each domain, in the order in which they were given', () => {
    const all = [...offers(5, 3), ...offers(1, 3)];
    assert.deepEqual(fairShare(all, 4).taken, [...offers(5, 2), ...offers(1, 2)]);
  });

  it('gives the first domains one where there is not even one for each', () => {
    const all = [1, 2, 3].flatMap((domid) => offers(domid, 2));
    assert.deepEqual(counts(fairShare(all, 2).taken), { 1: 1, 2: 1 });
  });

  it('says what is left out, and of a few domains by number', () => {
    assert.equal(
      leftOutText([...offers(1, 2), ...offers(7, 94)]),
      'Left out: 94 of domain 7, 2 of domain 1.',
    );
    const many = Array.from({ length: 10 }, (_, domid) => offers(domid, 1)).flat();
    assert.match(leftOutText(many), /, 1 of domain 7, and some of 2 others\.$/);
  });
});
