/** What every xenstore must give to our client, through the door that joined programs have: as domain 0 of a world. */
import { joinWorld } from '../../../server/cli/joinWorld';
import { dialSocket } from '../../../server/store/client/socketDial';
import { defineClientSuite } from '../clientSuite';
import { describeWithDaemons } from '../daemons/requirements';
import { JoinedProcess } from './joinedProcess';

describeWithDaemons('our client and the store of a world that was joined', () =>
  defineClientSuite(
    async () => {
      const world = await JoinedProcess.open();
      const joining = await joinWorld(world.socketPath, '0');
      const asItIs = async () => undefined;
      return {
        dial: dialSocket(joining.storeSocketPath),
        kill: asItIs,
        start: asItIs,
        async stop() {
          joining.leave();
          await world.close();
        },
      };
    },
    // Its domains are those that the world has: none can be made up, and the world is not restarted.
    { isUnderXen: true },
  ),
);
