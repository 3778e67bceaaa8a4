/** The short way through node:net must deliver what the plain way does. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fastSocket, type FastSocket } from '../../../server/store/connection/fastSocket';

const BIG_BYTES = 8 * 1024 * 1024;

describe('fastSocket', () => {
  let folder: string;
  let socketPath: string;
  const received: Buffer[] = [];
  let server: net.Server;
  let client: net.Socket;
  let fast: FastSocket;

  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'xenscope-fast-'));
    socketPath = path.join(folder, 'socket');
  });

  beforeEach(async () => {
    received.length = 0;
    server = net.createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    client = net.connect(socketPath);
    const [accepted] = (await once(server, 'connection')) as [net.Socket];
    const made = fastSocket(accepted, (bytes) => received.push(Buffer.from(bytes)));
    assert.ok(made, 'this node has the handle where it is looked for');
    fast = made;
    fast.socket.on('error', () => undefined);
    fast.socket.resume();
  });

  afterEach(async () => {
    client.destroy();
    fast.socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('reads in order what comes in many pieces, and ends with its peer', async () => {
    const sent = Buffer.alloc(BIG_BYTES, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));
    client.end(sent);
    await once(fast.socket, 'close');
    assert.ok(Buffer.concat(received).equals(sent));
  });

  it('writes at once what the kernel takes, and the rest in order through the socket', async () => {
    const sent = Buffer.alloc(BIG_BYTES, Buffer.from(Array.from({ length: 241 }, (_, i) => i)));
    const written = fast.writeNow(sent, sent.length);
    assert.ok(written > 0 && written < sent.length);
    fast.socket.write(sent.subarray(written));
    assert.equal(fast.writeNow(Buffer.from('not before what waits'), 4), 0);
    fast.socket.end();
    const chunks: Buffer[] = [];
    for await (const chunk of client) chunks.push(chunk as Buffer);
    assert.ok(Buffer.concat(chunks).equals(sent));
  });

  it('stands still while it is paused', async () => {
    fast.socket.pause();
    client.write('first');
    client.write('second');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(received.length, 0);
    fast.socket.resume();
    client.end();
    await once(fast.socket, 'close');
    assert.equal(Buffer.concat(received).toString(), 'firstsecond');
  });

  it('writes nothing once it is destroyed', () => {
    fast.socket.destroy();
    assert.equal(fast.writeNow(Buffer.from('late'), 4), 0);
  });

  it('leaves a socket alone that has no handle', () => {
    assert.equal(
      fastSocket(new net.Socket(), () => undefined),
      undefined,
    );
  });
});
