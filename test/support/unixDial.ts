/** The plainest way to a unix socket, so that tests of the server need no part of our client. */
import { createConnection, type Socket } from 'node:net';
import type { Dial } from '../../server/store/byteStream';

export function unixDial(socketPath: string): Dial {
  return async (handlers) => {
    const socket = await connected(socketPath);
    let reason: string | undefined;
    socket.on('error', (error) => (reason = error.message));
    socket.on('data', (bytes) => handlers.onData(bytes));
    socket.on('drain', () => handlers.onDrain());
    socket.on('close', () => handlers.onClose(reason));
    return {
      write: (bytes) => socket.write(bytes),
      get queuedBytes() {
        return socket.writableLength;
      },
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      close: () => socket.destroy(),
    };
  };
}

/** C xenstored lets one connection wait at its socket; a second one is sent away and tries again. */
async function connected(socketPath: string): Promise<Socket> {
  for (;;) {
    const socket = createConnection(socketPath);
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      socket.once('error', resolve);
      socket.once('connect', () => {
        socket.off('error', resolve);
        resolve(undefined);
      });
    });
    if (!error) return socket;
    if (error.code !== 'EAGAIN') throw error;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
