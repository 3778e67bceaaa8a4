/** Whether time passes in the simulated world that this process is part of: what drivers wait for by its time comes only then. */
import { connect } from 'node:net';
import { XenscopeError } from '../host/errors';
import {
  GUEST_HEADER_BYTES,
  GUEST_PAYLOAD_MAX_BYTES,
  GUEST_PROTOCOL_VERSION,
  GuestKind,
  GuestOp,
  GuestWorldTime,
  guestHelloBytes,
  guestMessageEnd,
  guestRequestBytes,
} from '../wire/guestSocket';

/** In which a world answers at once, or is none. */
const patienceMs = 5_000;

/** Why a device that waits will not connect: its world stands still. Undefined where it does not, or cannot be asked. */
export async function worldStandsStill(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<XenscopeError | undefined> {
  const { XENSCOPE_GUEST_SOCKET: socketPath, XENSCOPE_DOMID: domid } = environment;
  if (!socketPath || !domid) return undefined;
  const time = await askWorldTime(socketPath, Number(domid));
  if (time === GuestWorldTime.paceIs0) {
    return new XenscopeError('away', 'The world stands still: its pace is 0, and no device connects.', {
      wayOut: 'Give the world a pace: in the editor, or start it with xenscope serve --pace 1.',
    });
  }
  if (time === GuestWorldTime.isHeld) {
    return new XenscopeError('away', 'The world is held, and nothing happens in it.', {
      wayOut: 'Resume it where it was held, or step it on.',
    });
  }
  return undefined;
}

/** The answer, or a negative errno; undefined where nobody answers. */
function askWorldTime(socketPath: string, domid: number): Promise<number | undefined> {
  const payload = guestHelloBytes({
    version: GUEST_PROTOCOL_VERSION,
    kind: GuestKind.privcmd,
    domid,
    rest: Buffer.alloc(0),
  });
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let bytes = Buffer.alloc(0);
    const over = (answer?: number) => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(patienceMs, () => over());
    socket.on('error', () => over());
    socket.on('close', () => over());
    socket.write(guestRequestBytes({ op: GuestOp.hello, payload }));
    socket.write(guestRequestBytes({ op: GuestOp.worldTime, payload: Buffer.alloc(0) }));
    socket.on('data', (more) => {
      bytes = Buffer.concat([bytes, more]);
      const welcomed = guestMessageEnd(bytes, 0, GUEST_PAYLOAD_MAX_BYTES);
      if (welcomed === 'tooLong') return over();
      if (welcomed === undefined || bytes.length < welcomed + GUEST_HEADER_BYTES) return;
      over(bytes.readInt32LE(0) < 0 ? undefined : bytes.readInt32LE(welcomed));
    });
  });
}
