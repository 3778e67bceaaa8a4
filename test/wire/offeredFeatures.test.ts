import assert from 'node:assert/strict';
import { offeredFeatureBits, offeredFeatures } from '../../server/wire/offeredFeatures';
import { xsRingFeaturesText } from '../../server/wire/xsRing';

describe('what a store may offer on rings', () => {
  it('is named by a person', () => {
    assert.deepEqual(offeredFeatures(['error-word', 'reconnection']), ['error-word', 'reconnection']);
    for (const wrong of [['watch-depth'], ['toString'], [1], [undefined]]) {
      assert.equal(offeredFeatures(wrong), undefined);
    }
    assert.deepEqual(
      [[], ['reconnection'], ['error-word', 'error-word']].map((names) =>
        offeredFeatureBits(offeredFeatures(names)!),
      ),
      [0, 1, 2],
    );
  });

  it('is told with whom one would look for it in vain', () => {
    assert.equal(xsRingFeaturesText(0), undefined);
    assert.equal(xsRingFeaturesText(2), 'error word');
    assert.equal(xsRingFeaturesText(1), 'reconnection; C xenstored itself never offers reconnection');
  });
});
