import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { systemClock, systemRandom } from '../../../server/cli/systemClock';
import { XenscopeError } from '../../../server/host/errors';
import { dialSocket } from '../../../server/store/client/socketDial';
import { openSocketHost } from '../../../server/store/client/socketHost';
import { until } from './support';

const idle = { onData: () => undefined, onDrain: () => undefined, onClose: () => undefined };

function away(text: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof XenscopeError);
    assert.equal(error.code, 'away');
    assert.match(error.message, text);
    return true;
  };
}

describe('store client: sockets', () => {
  let folder: string;
  let server: Server;
  let socketPath: string;
  const accepted: Socket[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'dial-'));
    socketPath = path.join(folder, 'socket');
    server = createServer((socket) => accepted.push(socket));
    server.listen(socketPath);
    await once(server, 'listening');
  });

  afterEach(async () => {
    for (const socket of accepted.splice(0)) socket.destroy();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('says why nobody answers', async () => {
    await assert.rejects(dialSocket(path.join(folder, 'nothing'))(idle), away(/There is no xenstore socket/));
    await assert.rejects(dialSocket('/dev/null')(idle), away(/Nobody listens/));
    await assert.rejects(
      dialSocket(`/${'x'.repeat(200)}`)(idle),
      (error: unknown) => error instanceof XenscopeError && error.code === 'input',
    );
  });

  it('carries bytes both ways and tells the end once, with its reason', async () => {
    const received: Buffer[] = [];
    const ends: (string | undefined)[] = [];
    const stream = await dialSocket(socketPath)({
      ...idle,
      onData: (bytes) => received.push(Buffer.from(bytes)),
      onClose: (reason) => ends.push(reason),
    });
    await until(() => accepted.length === 1);
    stream.write(Buffer.from('hello'));
    const [bytes] = (await once(accepted[0]!, 'data')) as [Buffer];
    assert.equal(bytes.toString(), 'hello');
    accepted[0]!.end('bye');
    await until(() => ends.length > 0);
    assert.equal(Buffer.concat(received).toString(), 'bye');
    assert.equal(ends.length, 1);
    assert.match(ends[0]!, /closed the connection/);
  });

  it('holds a writer back and tells the drain', async () => {
    let hasDrained = false;
    const stream = await dialSocket(socketPath)({ ...idle, onDrain: () => (hasDrained = true) });
    await until(() => accepted.length === 1);
    accepted[0]!.pause();
    while (stream.write(Buffer.alloc(65536)));
    assert.ok(stream.queuedBytes > 0);
    accepted[0]!.resume();
    await until(() => hasDrained);
    stream.close();
  });

  it('ends the clients of a host with the host', async () => {
    const host = openSocketHost({ path: socketPath, clock: systemClock, random: systemRandom });
    assert.equal(host.kind, 'real');
    const store = host.openStore();
    await until(() => store.state.kind === 'connected');
    await host.close();
    assert.equal(store.state.kind, 'closed');
  });
});
