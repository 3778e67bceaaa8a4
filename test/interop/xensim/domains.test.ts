/** The list of domains through libxenctrl, of programs in a world: whoever may ask gets all, the others nothing. */
import assert from 'node:assert/strict';
import { DomainLives } from '../../../native/domainLife';
import { XenControl } from '../../../native/xenControl';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import { describeWithDaemons } from '../daemons/requirements';
import { JoinedProcess } from './joinedProcess';

describeWithDaemons('the domains that libxenctrl lists', () => {
  let joined: JoinedProcess;
  let lives: DomainLives;
  before(async () => (joined = await JoinedProcess.open('0', 'one', 'other')));
  after(() => joined.close());
  beforeEach(() => (lives = new DomainLives(new XenControl(joined.libraries))));
  afterEach(() => lives.close());

  it('are all, for domain 0', () => {
    joined.become(0);
    const running = (domid: number) => ({ domid, state: 'running', type: 'PV' });
    assert.deepEqual(lives.all(), joined.domids.map(running));
    assert.deepEqual(lives.of(joined.domids[1]!), running(joined.domids[1]!));
    for (const nobody of [joined.domids[2]! + 1, -1, 40_000, NaN]) assert.equal(lives.of(nobody), undefined);
  });

  it('are none for another domain', () => {
    joined.become(joined.domids[1]!);
    assert.equal(lives.all(), undefined);
    assert.equal(lives.of(0), undefined);
  });

  it('are none without the device, and after it was closed', () => {
    const without = new DomainLives(new XenControl(new XenLibraries({ folders: [] })));
    assert.equal(without.all(), undefined);
    without.close();
    joined.become(0);
    assert.ok(lives.all());
    lives.close();
    assert.equal(lives.all(), undefined);
  });
});
