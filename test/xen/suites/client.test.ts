/** Our client and the xenstored of a real dom0, over its socket. */
import { dialSocket } from '../../../server/store/client/socketDial';
import { defineClientSuite } from '../../interop/clientSuite';
import { daemon, storeSocket, tidyStore } from '../support/dom0';

/** The machine's own daemon lives as long as the machine. */
const asItIs = async () => undefined;

describe('our client and the xenstored of dom0', () => {
  defineClientSuite(
    async () => ({ dial: dialSocket(storeSocket), kill: asItIs, start: asItIs, stop: tidyStore }),
    {
      // quota-maxsize of Debian's oxenstored.conf, which holds for domain 0 as well.
      longestValueBytes: daemon === 'oxenstored' ? 2048 : 4096,
      // A list of more than 4096 bytes; as many requests as an emulated machine takes in seconds.
      directorySizes: [110],
      nameBytes: 60,
      requestsAtOnce: 300,
      isUnderXen: true,
    },
  );
});
