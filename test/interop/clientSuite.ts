/**
 * What every xenstore must give to our client, whoever wrote it. The same tests run against our
 * server and against Debian's two daemons; where those differ by design (order of names, conflict
 * rules), the tests accept what the protocol allows and no more.
 */
import { awayAndBackCases } from './clientCases/awayAndBack';
import { nodeCases } from './clientCases/nodes';
import { requestCases } from './clientCases/requests';
import { SuiteRig, type StoreUnderTest, type SuiteOptions } from './clientCases/rig';
import { watchCases } from './clientCases/watches';

export type { StoreUnderTest, SuiteOptions };

export function defineClientSuite(open: () => Promise<StoreUnderTest>, options: SuiteOptions = {}): void {
  const rig = new SuiteRig({
    longestValueBytes: 4096,
    directorySizes: [1200, 5000],
    nameBytes: 0,
    requestsAtOnce: 3000,
    isUnderXen: false,
    resetWatches: 'works',
    eventsKeepOrder: true,
    longLists: 'work',
    ...options,
  });
  before(async () => {
    rig.server = await open();
  });
  after(() => rig.server.stop());
  beforeEach(() => {
    rig.store = rig.connect();
  });
  afterEach(() => rig.closeClients());

  nodeCases(rig);
  requestCases(rig);
  watchCases(rig);
  if (!rig.options.isUnderXen) awayAndBackCases(rig);
}
