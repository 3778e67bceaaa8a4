/** Dials a xenstored's unix socket. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { XenscopeError } from '../../host/errors';
import type { ByteStream, Dial } from '../byteStream';
import { tooLongForSocket } from '../socketPath';

export function dialSocket(path: string): Dial {
  return (handlers) =>
    new Promise((resolve, reject) => {
      const tooLong = tooLongForSocket(path);
      if (tooLong) return reject(tooLong);
      const socket = connect({ path });
      let isOpen = false;
      let reason: string | undefined;
      socket.on('connect', () => {
        isOpen = true;
        resolve(streamOf(socket));
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (!isOpen) return reject(noAnswer(path, error));
        reason = `The connection to the xenstore at ${path} broke (${error.code ?? error.message}).`;
      });
      socket.on('data', (bytes) => handlers.onData(bytes));
      socket.on('drain', () => handlers.onDrain());
      // A xenstored that ends its side ends the connection: nothing can be asked any more.
      socket.on('end', () => (reason ??= `The xenstore at ${path} closed the connection.`));
      socket.on('close', () => {
        if (isOpen) handlers.onClose(reason);
      });
    });
}

function streamOf(socket: Socket): ByteStream {
  return {
    write: (bytes) => socket.write(bytes),
    get queuedBytes() {
      return socket.writableLength;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => void socket.destroy(),
  };
}

function noAnswer(path: string, error: NodeJS.ErrnoException): XenscopeError {
  if (error.code === 'EAGAIN') {
    // The queue of connections to be accepted is full; oxenstored has room for one.
    return new XenscopeError('limit', `The xenstore at ${path} is too busy to take a connection.`, {
      cause: error,
    });
  }
  const [text, wayOut] =
    error.code === 'ENOENT'
      ? [`There is no xenstore socket at ${path}.`, 'Start a xenstored, or name another socket.']
      : error.code === 'ECONNREFUSED'
        ? [`Nobody listens at ${path}.`, 'Start the xenstored that serves it, or name another socket.']
        : error.code === 'EACCES' || error.code === 'EPERM'
          ? [
              `You may not open the xenstore socket ${path}.`,
              'It belongs to root on a Xen host; try with sudo.',
            ]
          : [`The xenstore at ${path} cannot be reached (${error.code ?? error.message}).`, undefined];
  return new XenscopeError('away', text!, { wayOut, cause: error });
}
