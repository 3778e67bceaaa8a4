/** What a person opened by hand when the editor leaves. */
import assert from 'node:assert/strict';
import { OpenByHand } from '../../server/rpc/openByHand';
import { ManualClock } from '../sim/manualClock';

describe('what is open by hand', () => {
  it('is ended soon when the editor leaves, also what is being ended already', async () => {
    const asked: string[] = [];
    let leave!: () => void;
    const left = new Promise<void>((resolve) => (leave = resolve));
    const open = new OpenByHand<string>({
      clock: new ManualClock(),
      most: 2,
      many: 'things',
      one: 'thing',
      newsIntervalMs: 100,
      isBusy: () => false,
      tell: () => undefined,
      end: (thing, isLeaving) => {
        asked.push(`${thing} ${isLeaving ? 'soon' : 'in order'}`);
        if (isLeaving && thing === 'first') leave();
        return left;
      },
    });
    open.add(1, 'first');
    open.add(2, 'second');
    const forgotten = open.forget(1);
    await open.close();
    await forgotten;
    assert.deepEqual(asked, ['first in order', 'second soon', 'first soon']);
    assert.deepEqual(open.all, []);
  });
});
