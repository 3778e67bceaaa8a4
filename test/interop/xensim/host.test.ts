/** What every host must do, over our native code and the libraries for joined programs. */
import { describeHost } from '../../support/hostSuite';
import { nativeAbilities, nativeHost } from '../../support/nativeHost';
import { RemoteSide } from '../../support/sides/remoteSide';
import { sidesHost } from '../../support/sides/sidesHost';
import { describeWithDaemons } from '../daemons/requirements';
import { JoinedProcess } from './joinedProcess';
import { JoinedSide } from './joinedSide';

describeWithDaemons('our native code in a world, three domains in one process', () => {
  let joined: JoinedProcess;
  before(async () => (joined = await JoinedProcess.open('ours', 'theirs', 'stranger')));
  after(() => joined.close());

  for (const views of [true, false]) {
    const abilities = { ...nativeAbilities({ views }), hasStranger: true, mapsZombies: false };
    describeHost(`a joined program, ${views ? 'buffers' : 'copies'}`, abilities, () => {
      const [ours, theirs, stranger] = joined.domids as [number, number, number];
      const { libraries, become } = joined;
      return nativeHost({ libraries, become, views, domids: [ours, theirs, stranger] });
    });
  }
});

/** The kernel of a joined program is the world: it lets nobody map what is left of a dead domain. */
const abilities = {
  ...nativeAbilities(),
  domainEnds: ['sudden'],
  hasStranger: true,
  mapsZombies: false,
  changesBits: true,
} as const;

describeWithDaemons('our native code in a world, a process for each domain', () => {
  let world: JoinedProcess;
  const links = new Map<string, JoinedSide>();
  before(async () => (world = await JoinedProcess.open()));
  after(async () => {
    for (const link of links.values()) await link.close();
    await world.close();
  });

  /** Started anew when its domain was ended. */
  async function linkTo(name: string): Promise<JoinedSide> {
    const known = links.get(name);
    if (known && !known.isGone) return known;
    await known?.close();
    const link = await JoinedSide.start(world.socketPath, name, world.folder);
    links.set(name, link);
    return link;
  }

  describeHost('joined programs', abilities, async () => {
    const [ours, theirs, stranger] = [await linkTo('ours'), await linkTo('theirs'), await linkTo('stranger')];
    return sidesHost({
      ours: new RemoteSide(ours),
      theirs: new RemoteSide(theirs),
      stranger: () => new RemoteSide(stranger),
      async endDomain(domid) {
        world.destroy(domid);
        await [ours, theirs].find((link) => link.domid === domid)!.gone();
      },
    });
  });
});
