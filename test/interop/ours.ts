/** Our own server in this process: reached in process, or through a socket in a private folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../server/cli/systemClock';
import type { Dial } from '../../server/store/byteStream';
import { dialSocket } from '../../server/store/client/socketDial';
import { Xenstored } from '../../server/store/xenstored';
import { XenscopeError } from '../../server/host/errors';
import type { StoreUnderTest } from './clientSuite';

export interface OurServer extends StoreUnderTest {
  readonly socketPath: string;
}

export async function startOurs(): Promise<OurServer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ours-'));
  const socketPath = path.join(folder, 'socket');
  let server: Xenstored | undefined;
  const kill = async () => {
    await server?.close();
    server = undefined;
  };
  const start = async () => {
    server = new Xenstored({ clock: systemClock });
    await server.listen(socketPath);
  };
  await start();
  return {
    socketPath,
    dial: dialSocket(socketPath),
    kill,
    start,
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function startOursInProcess(): Promise<StoreUnderTest> {
  let server: Xenstored | undefined = new Xenstored({ clock: systemClock });
  const dial: Dial = (handlers) =>
    server
      ? server.connect({ domid: 0 })(handlers)
      : Promise.reject(new XenscopeError('away', 'The server has ended.'));
  const kill = async () => {
    await server?.close();
    server = undefined;
  };
  return Promise.resolve({
    dial,
    kill,
    start: () => {
      server = new Xenstored({ clock: systemClock });
      return Promise.resolve();
    },
    stop: kill,
  });
}
