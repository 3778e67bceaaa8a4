/** Programs of dom0 at its loopback, for guests that reach it over PV Calls. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export const loopback = '127.0.0.1';

/** Listens while `use` runs; each connection is handed to `serve`. */
export async function withServer<T>(
  serve: (socket: Socket) => void,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A backend that is taken away resets what is left.
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, loopback);
  await once(server, 'listening');
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** A port at which nobody listens. */
export function freePort(): Promise<number> {
  return withServer(
    () => undefined,
    (port) => Promise.resolve(port),
  );
}

/** Whether somebody takes a connection there. */
export function isServed(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, loopback);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** Sends `bytes` to whoever listens at `port` and sends them back; answers what came, and leaves then. */
export async function echoed(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect(port, loopback);
  await once(socket, 'connect');
  socket.write(bytes);
  const pieces: Buffer[] = [];
  let count = 0;
  for await (const piece of socket) {
    pieces.push(piece as Buffer);
    count += (piece as Buffer).length;
    if (count >= bytes.length) break;
  }
  socket.destroy();
  return Buffer.concat(pieces);
}
