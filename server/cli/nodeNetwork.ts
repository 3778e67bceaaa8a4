/** The machine's own network for a backend of PV Calls: streams over IPv4. Nothing here asks whether that is allowed. */
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { NetBinding, NetConnection, SocketNetwork } from '../pvcalls/network';
import type { SocketError } from '../pvcalls/socketError';
import { retOf, socketError } from '../pvcalls/socketError';
import { SharedReads } from './sharedReads';
import { addressText } from '../wire/pvcalls/address';
import type { Ipv4Address } from '../wire/pvcalls/address';
import { pvcallsErrorName } from '../wire/pvcalls/errno';

export const nodeNetwork: SocketNetwork = { connect: connectTo, bind };

function connectTo(to: Ipv4Address, signal: AbortSignal): Promise<NetConnection> {
  return new Promise((resolve, reject) => {
    const reads = SharedReads.open();
    const options = { ...to, family: 4, allowHalfOpen: true, noDelay: true };
    const socket = reads ? connect({ ...options, onread: reads.options }).pause() : connect(options);
    const onAbort = () => socket.destroy(signal.reason as Error);
    const onError = (error: Error) => {
      signal.removeEventListener('abort', onAbort);
      reject(signal.aborted ? error : told(error, `Connecting to ${addressText(to)}`));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      resolve({ ...connectionOf(socket), ...(reads && { listenToReads: reads.listen.bind(reads) }) });
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** Taken already now, so that an address that is in use is found out; who comes before `listen` is turned away. */
function bind(address: Ipv4Address): Promise<NetBinding> {
  return new Promise((resolve, reject) => {
    let onConnection: ((connection: NetConnection) => void) | undefined;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      if (onConnection) return onConnection(connectionOf(socket));
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
    });
    const onError = (error: Error) => reject(told(error, `Binding ${addressText(address)}`));
    server.once('error', onError);
    server.listen({ ...address, exclusive: true }, () => {
      server.off('error', onError);
      // What accepting fails for, e.g. too many open files, is the caller's who tried to connect.
      server.on('error', () => undefined);
      const bound = server.address();
      const port = bound && typeof bound === 'object' ? bound.port : address.port;
      resolve({
        address: { host: address.host, port },
        listen: (listener) => {
          onConnection = listener;
        },
        close: () => void server.close(),
      });
    });
  });
}

function connectionOf(socket: Socket): NetConnection {
  // It may break before whoever gets it listens, who then finds it broken.
  socket.on('error', () => undefined);
  const local = { host: socket.localAddress ?? '0.0.0.0', port: socket.localPort ?? 0 };
  const remote = { host: socket.remoteAddress ?? '0.0.0.0', port: socket.remotePort ?? 0 };
  return { stream: socket, local, remote, reset: () => reset(socket) };
}

function reset(socket: Socket): void {
  // In the middle of a shutdown libuv refuses to reset, and node would forget the socket without closing it.
  const { writableEnded, writableFinished, writableLength } = socket;
  const isShuttingDown = writableEnded && !writableFinished && writableLength === 0;
  if (isShuttingDown || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}

function told(error: Error, what: string): SocketError {
  const name = pvcallsErrorName(retOf(error));
  return socketError(name ?? 'EIO', what, { cause: error });
}
