/** Our client and the xenstored of a real dom0, over its socket. */
import { dialSocket } from '../../../server/store/client/socketDial';
import { defineClientSuite } from '../../interop/clientSuite';
import { daemon, output, run, storeSocket } from '../support/dom0';

/** The machine's own daemon lives as long as the machine. */
const asItIs = async () => undefined;

/** What the system put there; all else is the suite's, and in the way of those that come after it. */
const lasting = ['local', 'tool', 'vm', 'libxl'];
async function tidyUp(): Promise<void> {
  const names = (await output('xenstore-list', '/')).trim().split('\n');
  const left = names.filter((name) => !name.startsWith('@') && !lasting.includes(name));
  await run(
    'xenstore-rm',
    left.map((name) => `/${name}`),
  );
}

describe('our client and the xenstored of dom0', () => {
  defineClientSuite(
    async () => ({ dial: dialSocket(storeSocket), kill: asItIs, start: asItIs, stop: tidyUp }),
    {
      // quota-maxsize of Debian's oxenstored.conf, which holds for domain 0 as well.
      longestValueBytes: daemon === 'oxenstored' ? 2048 : 4096,
      directorySizes: [1200],
      isUnderXen: true,
    },
  );
});
