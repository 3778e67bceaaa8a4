/** What every host must do, between real domains: dom0 and two guests beside it, each with a program of ours. */
import { XenLibraries } from '../../../../native/libraries/xenLibraries';
import { describeHost } from '../../../support/hostSuite';
import { nativeAbilities, nativeSide } from '../../../support/nativeHost';
import { runSideProgram } from '../../../support/sides/program';
import { RemoteSide } from '../../../support/sides/remoteSide';
import { sidesHost } from '../../../support/sides/sidesHost';
import { GuestSide } from '../../support/guestSide';

/** Nobody is asked on real Xen: a domain is destroyed, and its kernel with it. */
const abilities = { ...nativeAbilities(), domainEnds: ['sudden'], hasStranger: true } as const;

if (process.argv[2] === 'side') void runSideProgram(process.stdin, process.stdout);
else describe('between real domains', describeDomains);

function describeDomains(): void {
  const libraries = new XenLibraries();
  let one: GuestSide;
  let other: GuestSide;
  before(() => GuestSide.prepare(__filename));
  // Each takes its time to boot, and to start Node.
  before(async () => (one = await GuestSide.create('one')));
  before(async () => (other = await GuestSide.create('other')));
  after(async () => {
    for (const guest of [one, other]) await guest?.destroy();
    for (const guest of [one, other]) await guest?.gone();
  });

  describeHost('real Xen, dom0 and two guests', abilities, (dies) => {
    const inDom0 = nativeSide({ libraries }, 0);
    // Each of the two can die once.
    const [ours, theirs] = dies === 'ours' ? [new RemoteSide(other), inDom0] : [inDom0, new RemoteSide(one)];
    return sidesHost({
      ours,
      theirs,
      stranger: () => new RemoteSide(other),
      endDomain: (domid) => [one, other].find((guest) => guest.domid === domid)!.destroy(),
    });
  });
}
