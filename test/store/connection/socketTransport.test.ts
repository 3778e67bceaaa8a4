import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { XenscopeError } from '../../../server/host/errors';
import { systemClock } from '../../../server/cli/systemClock';
import { Xenstored } from '../../../server/store/xenstored';
import { RawClient } from '../rawClient';

const isInput = (error: unknown): boolean => error instanceof XenscopeError && error.code === 'input';

describe('socketTransport', () => {
  let folder: string;
  let socketPath: string;
  const servers: Xenstored[] = [];
  const newServer = (): Xenstored => {
    const server = new Xenstored({ clock: systemClock });
    servers.push(server);
    return server;
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'xenscope-socket-'));
    socketPath = path.join(folder, 'socket');
  });

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    rmSync(folder, { recursive: true });
  });

  it('is open to its owner only, and leaves the umask as it was', async () => {
    const umask = process.umask(0);
    try {
      const listening = await newServer().listen(socketPath);
      assert.equal(listening.path, socketPath);
      assert.equal(statSync(socketPath).mode & 0o777, 0o600);
      assert.equal(process.umask(), 0);
    } finally {
      process.umask(umask);
    }
  });

  it('takes the place of a socket that nobody serves, and removes its own at the end', async () => {
    // A socket file outlives its server when the file is moved away while the server ends.
    const left = path.join(folder, 'left');
    const stale = net.createServer().listen(left);
    await new Promise((resolve) => stale.once('listening', resolve));
    renameSync(left, socketPath);
    await new Promise((resolve) => stale.close(resolve));
    assert.ok(existsSync(socketPath));

    const server = newServer();
    const listening = await server.listen(socketPath);
    const client = new RawClient(socketPath);
    assert.equal(await client.ask('WRITE', '/a\0v'), 'OK\0');
    client.socket.destroy();
    await listening.close();
    assert.ok(!existsSync(socketPath));
  });

  it('does not take the socket of a server that lives', async () => {
    await newServer().listen(socketPath);
    await assert.rejects(newServer().listen(socketPath), isInput);
    const client = new RawClient(socketPath);
    assert.equal(await client.ask('WRITE', '/a\0v'), 'OK\0');
    client.socket.destroy();
  });

  it('does not replace what is no socket, and says when it cannot listen', async () => {
    writeFileSync(socketPath, 'mine');
    await assert.rejects(newServer().listen(socketPath), isInput);
    assert.ok(statSync(socketPath).isFile());
    for (const nowhere of [path.join(folder, 'no', 'socket'), path.join(socketPath, 'below-a-file')]) {
      await assert.rejects(newServer().listen(nowhere), (error: unknown) => {
        assert.ok(isInput(error));
        assert.match((error as Error).message, /^Cannot listen on .*: .*\/(no|socket) is no folder\.$/);
        return true;
      });
    }
    await assert.rejects(newServer().listen(path.join(folder, 'x'.repeat(110))), /too long for a socket/);
  });

  it('shares one store among its sockets, and closes them and their clients together', async () => {
    const server = newServer();
    await server.listen(socketPath);
    await server.listen(`${socketPath}2`);
    const [one, other] = [new RawClient(socketPath), new RawClient(`${socketPath}2`)];
    assert.equal(await one.ask('WRITE', '/shared\0yes'), 'OK\0');
    assert.equal(await other.ask('READ', '/shared\0'), 'yes');
    await server.close();
    await Promise.all([one, other].map((client) => client.until(() => client.isClosed)));
    assert.ok(!existsSync(socketPath) && !existsSync(`${socketPath}2`));
  });
});
