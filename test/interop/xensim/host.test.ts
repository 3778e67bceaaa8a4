/** What every host must do, over our native code and the libraries for joined programs: three domains in one process. */
import { describeHost } from '../../support/hostSuite';
import { nativeAbilities, nativeHost } from '../../support/nativeHost';
import { describeWithDaemons } from '../daemons/requirements';
import { JoinedProcess } from './joinedProcess';

describeWithDaemons('our native code in a world', () => {
  let joined: JoinedProcess;
  before(async () => (joined = await JoinedProcess.open('ours', 'theirs', 'stranger')));
  after(() => joined.close());

  for (const views of [true, false]) {
    const abilities = { ...nativeAbilities({ views }), hasStranger: true };
    describeHost(`a joined program, ${views ? 'buffers' : 'copies'}`, abilities, () => {
      const [ours, theirs, stranger] = joined.domids as [number, number, number];
      const { libraries, become } = joined;
      return nativeHost({ libraries, become, views, domids: [ours, theirs, stranger] });
    });
  }
});
