/** Sockets of the machine's own network that all read into one buffer. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { nodeNetwork } from '../../server/cli/nodeNetwork';
import { freeSteps } from '../../server/host/steps';
import type { PvCallsSocket } from '../../server/pvcalls/frontend/socket';
import { PvCallsRig, until } from './rig';

const host = '127.0.0.1';
/** More than the buffer and the rings hold, and than the kernel takes at once. */
const sentBytes = 8 * 1024 * 1024;
const first = Buffer.from(Uint32Array.from({ length: sentBytes / 4 }, (_, at) => at).buffer);
const other = Buffer.from(first).reverse();

describe('sockets of a backend that read into one buffer', () => {
  let server: Server;
  let port: number;
  let onConnection: (socket: Socket) => void;
  let rig: PvCallsRig;
  let pair: ReturnType<PvCallsRig['openPair']>;

  beforeEach(async () => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    server.listen(0, host);
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    rig = new PvCallsRig({ network: nodeNetwork });
    pair = rig.openPair();
  });
  const closeRig = () => {
    pair.frontend.close();
    pair.backend.close();
    for (const { resources } of [rig.back, rig.front]) resources.release();
    rig.close();
  };
  afterEach(() => {
    closeRig();
    server.close();
  });

  const connect = (order: number) => pair.frontend.connect({ host, port }, { order });
  const collect = (socket: PvCallsSocket) => {
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    return once(socket, 'end').then(() => Buffer.concat(pieces));
  };

  it('keep their bytes apart, one of them with a ring that is always full', async () => {
    const toSend = [first, other];
    onConnection = (socket) => socket.end(toSend.shift()!);
    const one = await connect(1);
    const two = await connect(6);
    const [ofOne, ofTwo] = await Promise.all([collect(one), collect(two)]);
    assert.ok(ofOne.equals(first) && ofTwo.equals(other));
  });

  it('keep their bytes where the steps into a ring wait', async () => {
    closeRig();
    const before = () => new Promise<'do'>((resolve) => setImmediate(resolve, 'do'));
    rig = new PvCallsRig({
      network: nodeNetwork,
      steps: (side) => (side === 'backend' ? { before } : freeSteps),
    });
    pair = rig.openPair();
    onConnection = (socket) => socket.end(first);
    const heard = await collect(await connect(7));
    assert.ok(heard.equals(first));
  });

  it('keep what nobody has read yet while others go on, and read no more of it meanwhile', async () => {
    const toSend = [first, other];
    onConnection = (socket) => socket.end(toSend.shift()!);
    const one = await connect(1);
    const two = await connect(6);
    await until(() => [...pair.backend.sockets.connected()].some(({ waitingBytes }) => waitingBytes > 0));
    assert.ok((await collect(two)).equals(other));
    const [waiting] = [...pair.backend.sockets.connected()].map(({ waitingBytes }) => waitingBytes);
    assert.ok(waiting! > 0 && waiting! <= 64 * 1024, `${waiting} bytes`);
    assert.ok((await collect(one)).equals(first));
  });

  it('hear nothing more of a socket that is released in the middle', async () => {
    onConnection = (socket) => socket.write(first);
    const one = await connect(1);
    await once(one, 'readable');
    one.destroy();
    await one.released;
    onConnection = (socket) => socket.end(other);
    assert.ok((await collect(await connect(1))).equals(other));
  });
});
