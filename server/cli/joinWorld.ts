/** Joins a running world as (part of) one of its domains, through the world's guest socket. */
import { lstatSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { XenscopeError } from '../host/errors';
import { tooLongForSocket } from '../store/socketPath';
import {
  GUEST_HEADER_BYTES,
  GUEST_PAYLOAD_MAX_BYTES,
  GUEST_PROTOCOL_VERSION,
  GuestKind,
  GuestOp,
  guestHelloBytes,
  guestMessageEnd,
  guestRequestBytes,
} from '../wire/guestSocket';
import { GUEST_SOCKET_NAME, isDead, privateFolders } from './privateSocket';

export interface Joining {
  readonly domid: number;
  /** Where the domain's programs reach the store. */
  readonly storeSocketPath: string;
  /** Resolves with a sentence when the domain has stopped, or the world has ended. */
  readonly ended: Promise<string>;
  /** Leaves; a domain that was built for us goes with the last who leaves it. */
  leave(): void;
}

/** The guest socket of the one world that this user runs; `named` may be that socket or its folder. */
export async function findWorld(named?: string): Promise<string> {
  if (named !== undefined) {
    const isFolder = lstatSync(named, { throwIfNoEntry: false })?.isDirectory();
    return path.resolve(isFolder ? path.join(named, GUEST_SOCKET_NAME) : named);
  }
  const sockets = privateFolders()
    .filter((folder) => safeNames(folder).includes(GUEST_SOCKET_NAME))
    .map((folder) => path.join(folder, GUEST_SOCKET_NAME));
  const dead = await Promise.all(sockets.map(isDead));
  const [first, ...others] = sockets.filter((_, at) => !dead[at]);
  if (first === undefined) {
    throw new XenscopeError('away', 'No simulated world runs here that programs could join.', {
      wayOut: 'Start one with `xenscope serve`, or add --serve.',
    });
  }
  if (others.length > 0) {
    throw new XenscopeError('input', `Several worlds run here: ${[first, ...others].join(', ')}.`, {
      wayOut: 'Say which with --world.',
    });
  }
  return first;
}

function safeNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Gone meanwhile.
    return [];
  }
}

/** Rejects with a XenscopeError: what the world says, or that it cannot be reached. */
export function joinWorld(socketPath: string, domain: string): Promise<Joining> {
  const tooLong = tooLongForSocket(socketPath);
  if (tooLong) return Promise.reject(tooLong);
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let bytes = Buffer.alloc(0);
    let joined = false;
    let why = 'The world has ended.';
    let tellEnd!: (why: string) => void;
    const ended = new Promise<string>((tell) => (tellEnd = tell));
    const onReply = (result: number, payload: Buffer) => {
      if (result < 0) {
        const sentence = payload.toString() || `The world does not let us in (error ${-result}).`;
        if (joined) why = sentence;
        else reject(new XenscopeError('refused', sentence));
        return void socket.destroy();
      }
      joined = true;
      resolve({
        domid: payload.length < 4 ? -1 : payload.readUInt32LE(0),
        storeSocketPath: payload.subarray(4).toString(),
        ended,
        leave: () => void socket.destroy(),
      });
    };
    socket.on('connect', () => {
      const rest = Buffer.from(domain);
      const payload = guestHelloBytes({
        version: GUEST_PROTOCOL_VERSION,
        kind: GuestKind.join,
        domid: 0,
        rest,
      });
      socket.write(guestRequestBytes({ op: GuestOp.hello, payload }));
    });
    socket.on('data', (more) => {
      bytes = Buffer.concat([bytes, more]);
      for (;;) {
        const end = guestMessageEnd(bytes, 0, GUEST_PAYLOAD_MAX_BYTES);
        if (end === 'tooLong') return void socket.destroy();
        if (end === undefined || end > bytes.length) return;
        onReply(bytes.readInt32LE(0), bytes.subarray(GUEST_HEADER_BYTES, end));
        bytes = bytes.subarray(end);
      }
    });
    socket.on('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new XenscopeError('away', `No world answers at ${socketPath} (${cause.code ?? cause.message}).`, {
          cause,
          wayOut: '`xenscope serve` says where its world is.',
        }),
      ),
    );
    socket.on('close', () => {
      reject(new XenscopeError('away', `The world at ${socketPath} closed the connection.`));
      tellEnd(why);
    });
  });
}
