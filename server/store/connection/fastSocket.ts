/**
 * A shorter way through node:net for sockets that a server accepted: incoming bytes land in one
 * buffer that all of them share, and outgoing ones go straight to the descriptor while nothing waits.
 * Both save an allocation and a good part of the work for each message.
 *
 * `onread` and a descriptor are public for sockets that connect, but not for accepted ones: those
 * have to be made anew from their handle. Where node keeps that differently, the answer is undefined
 * and the plain way serves. docs/decisions/0006-socket-fast-path.md weighs it.
 */
import { writeSync } from 'node:fs';
import net from 'node:net';

/** What this needs of node's own handle. */
interface Handle {
  readonly fd: number;
}

/** As much as one read of the kernel brings; with it a batch of a few thousand requests is one read. */
const READ_BYTES = 64 * 1024;
/** One for all: the bytes are dealt with before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

export interface FastSocket {
  /** Reads on its own; emits no 'data'. */
  readonly socket: net.Socket;
  /** Writes what the kernel takes at once of the first `length` bytes, and answers how much that was. */
  writeNow(bytes: Buffer, length: number): number;
}

/** `accepted` must come paused, from a server with `pauseOnConnect`, and is not to be used any more. */
export function fastSocket(accepted: net.Socket, onData: (bytes: Buffer) => void): FastSocket | undefined {
  const owner = accepted as unknown as { _handle?: Handle | null };
  const handle = owner._handle;
  if (process.platform === 'win32' || !handle || typeof handle.fd !== 'number' || handle.fd < 0) {
    return undefined;
  }
  owner._handle = null;
  const options: net.SocketConstructorOpts & { handle: Handle; onread: net.OnReadOpts } = {
    handle,
    onread: {
      buffer: readBuffer,
      callback: (bytes: number) => {
        onData(readBuffer.subarray(0, bytes));
        return true;
      },
    },
  };
  const socket = new net.Socket(options);
  // The server counts the socket that it accepted; without this it would never finish closing.
  socket.once('close', () => accepted.destroy());
  return { socket, writeNow: (bytes, length) => writeNow(socket, handle, bytes, length) };
}

function writeNow(socket: net.Socket, handle: Handle, bytes: Buffer, length: number): number {
  // A destroyed socket's descriptor may belong to somebody else by now.
  if (socket.destroyed || socket.writableLength > 0) return 0;
  try {
    return writeSync(handle.fd, bytes, 0, length);
  } catch {
    // The kernel takes nothing now (EAGAIN), or the peer is gone: the socket's own write finds out which.
    return 0;
  }
}
