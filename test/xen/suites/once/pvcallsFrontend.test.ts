/** Our frontend of PV Calls against Linux's backend, both in dom0. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { systemClock } from '../../../../server/cli/systemClock';
import type { PvCallsFrontend } from '../../../../server/pvcalls/frontend/frontend';
import type { PvCallsSocket } from '../../../../server/pvcalls/frontend/socket';
import { SocketError } from '../../../../server/pvcalls/socketError';
import { effort } from '../../../fuzz/seed';
import { channels, newChannels, standsStill } from '../../support/channels';
import { eventually } from '../../support/dom0';
import { echoed, freePort, isServed, loopback, withServer } from '../../support/loopback';
import { openOurFrontend } from '../../support/ourPvCalls';
import type { OurEnd } from '../../support/ourPvCalls';
import { PvCallsNodes, describeWithPvCalls, loadLinuxBackend } from '../../support/pvcalls';
import type { LinuxBackend } from '../../support/pvcalls';

const bulkBytes = 2 ** 20 * effort;
/** More than the buffers of a connection hold: whoever sends it waits for its reader. */
const endlessBytes = 16 * 2 ** 20;
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const isError = (name: string) => (error: unknown) =>
  error instanceof SocketError && error.errorName === name;
const at = (port: number) => ({ host: loopback, port });

describeWithPvCalls('our frontend of PV Calls', () => {
  const nodes = new PvCallsNodes(0);
  const lines: string[] = [];
  let ours: OurEnd;
  let frontend: PvCallsFrontend;
  /** dom0's event channels before there is a device. */
  let unused: string;

  let found: PvCallsFrontend | undefined;
  async function connected(): Promise<void> {
    found = undefined;
    await nodes.write();
    frontend = await eventually(() => found);
    await nodes.areConnected();
  }

  function withLinuxBackend(name: LinuxBackend): void {
    let unload: () => Promise<void>;
    before(async () => {
      unused = await channels();
      unload = await loadLinuxBackend(name);
      ours = openOurFrontend(
        (line) => lines.push(line),
        (one) => (found = one),
      );
      await connected();
    });
    after(async () => {
      await nodes.takeAway();
      await ours.close();
      await unload();
      assert.equal(await channels(), unused);
      assert.deepEqual(lines.splice(0), []);
    });
  }

  /** Waits until Linux has given the socket up. */
  async function release(socket: PvCallsSocket): Promise<void> {
    socket.destroy();
    await socket.released;
  }

  /** The next `bytes` of it. */
  async function read(socket: PvCallsSocket, bytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let left = bytes; left > 0;) {
      const piece = socket.read(Math.min(left, socket.readableLength || left)) as Buffer | null;
      if (!piece) {
        await once(socket, 'readable');
        continue;
      }
      pieces.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  describe('against Linux’s backend, mended', () => {
    withLinuxBackend('pvcalls-back-mended');

    it('connects, is answered, and hears of the end', async () => {
      const serve = (connection: Socket) =>
        connection.on('data', (bytes) => {
          if (String(bytes) === 'bye\n') connection.end();
          else connection.write(`you said ${String(bytes)}`);
        });
      await withServer(serve, async (port) => {
        const socket = await frontend.connect(at(port), { allowHalfOpen: true });
        socket.write('hello\n');
        assert.equal(String(await read(socket, 15)), 'you said hello\n');
        socket.write('bye\n');
        await once(socket.resume(), 'end');
        await release(socket);
      });
    });

    it('is refused where nobody listens', async () => {
      await assert.rejects(frontend.connect(at(await freePort())), isError('ECONNREFUSED'));
    });

    it('listens for other programs, polls and accepts, and is told that an address is taken', async () => {
      const port = await freePort();
      const server = await frontend.listen(at(port));
      await assert.rejects(frontend.listen(at(port)), isError('EADDRINUSE'));
      for (let turn = 0; turn < 2; turn++) {
        const sent = randomBytes(100_000);
        const echo = echoed(port, sent);
        await server.poll();
        const socket = await server.accept();
        socket.on('data', (bytes: Buffer) => socket.write(bytes));
        assert.equal(hashOf(await echo), hashOf(sent));
        await once(socket, 'end');
        await release(socket);
      }
      // Somebody waits at it when it goes.
      const waiting = assert.rejects(server.accept(), { code: 'gone' });
      await server.close();
      await waiting;
      assert.equal(await isServed(port), false);
    });

    it('carries a megabyte both ways at once', async () => {
      const [there, back] = [randomBytes(bulkBytes), randomBytes(bulkBytes)];
      const hash = createHash('sha256');
      let count = 0;
      const serve = (connection: Socket) =>
        connection.on('data', (bytes) => {
          if (count === 0) connection.write(back);
          hash.update(bytes);
          count += bytes.length;
        });
      await withServer(serve, async (port) => {
        const begin = systemClock.nowMs();
        const socket = await frontend.connect(at(port));
        socket.write(there);
        assert.equal(hashOf(await read(socket, bulkBytes)), hashOf(back));
        await eventually(() => count === bulkBytes);
        console.log(`· PV Calls: ${effort} MiB each way at once in ${systemClock.nowMs() - begin} ms`);
        assert.equal(hash.digest('hex'), hashOf(there));
        await release(socket);
      });
    });

    it('leaves the network’s side with an end when it releases a socket', async () => {
      let ended: Promise<unknown> | undefined;
      const serve = (connection: Socket) => {
        ended = once(connection.resume(), 'end');
      };
      await withServer(serve, async (port) => {
        const socket = await frontend.connect(at(port));
        await eventually(() => ended !== undefined);
        await release(socket);
        await ended;
      });
    });

    it('loses its sockets when the toolstack takes the device away, and begins anew with the next one', async () => {
      const port = await freePort();
      const server = await frontend.listen(at(port));
      const client = connect(port, loopback);
      client.on('error', () => undefined);
      const socket = await server.accept();
      const failed = once(socket, 'error');
      const closed = once(client, 'close');
      await nodes.takeAway();
      const [error] = (await failed) as [Error];
      assert.match(error.message, /has disconnected/);
      await closed;
      assert.equal(await isServed(port), false);
      await connected();
      await assert.rejects(frontend.connect(at(port)), isError('ECONNREFUSED'));
    });
  });

  describe('against Linux’s backend as it is', () => {
    withLinuxBackend('pvcalls-back');

    it('finds out that it stands still when nothing is sent to it, and releases the socket all the same', async () => {
      const serve = (connection: Socket) =>
        connection.once('data', () => connection.write(Buffer.alloc(endlessBytes)));
      await withServer(serve, async (port) => {
        const idle = await channels();
        const socket = await frontend.connect(at(port));
        const ports = await newChannels(idle);
        let heard = 0;
        socket.on('data', (bytes: Buffer) => (heard += bytes.length));
        socket.write('go');
        await standsStill(ports, () => heard);
        await eventually(() => frontend.findings.count('standstill') > 0);
        assert.ok(heard < endlessBytes);
        assert.match(lines.splice(0).join('\n'), /Socket \d+: the backend had filled its ring/);
        await release(socket);
        await assert.rejects(frontend.connect(at(await freePort())), isError('ECONNREFUSED'));
      });
    });
  });
});
