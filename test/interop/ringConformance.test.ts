/** The ring cases against the daemons of the Xen project: what proves the cases themselves right. */
import { ringCases } from '../store/conformance/cases/rings';
import { runRingCases, type RingServer } from '../store/conformance/rings';
import { describeWithDaemons } from './daemons/requirements';
import { daemonRingTarget } from './ringTarget';

const servers: readonly RingServer[] = ['C xenstored 4.17', 'oxenstored 4.17'];

for (const server of servers) {
  describeWithDaemons(`ring conformance on ${server}`, () => {
    runRingCases(
      ringCases.filter(({ alsoOn }) => alsoOn.includes(server)),
      () => daemonRingTarget(server),
    );
  });
}
