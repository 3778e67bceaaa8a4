/** Real traffic through a frontend and a backend of PV Calls: curl, and servers of the machine's own network on loopback. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { nodeNetwork } from '../../server/cli/nodeNetwork';
import { AllowList, guardedNetwork } from '../../server/pvcalls/allowList';
import type { PvCallsBackend } from '../../server/pvcalls/backend/backend';
import type { PvCallsFrontend } from '../../server/pvcalls/frontend/frontend';
import type { PvCallsServer } from '../../server/pvcalls/frontend/server';
import { SocketError } from '../../server/pvcalls/socketError';
import { effort } from '../fuzz/seed';
import { PvCallsRig, until } from '../pvcalls/rig';
import { describeWithCurl } from './daemons/requirements';

const mebibyte = 2 ** 20;
const host = '127.0.0.1';
/** Each way; a soak sends it several times. */
const transferBytes = 64 * mebibyte;
const manyConnections = 1000;

describeWithCurl('PV Calls over the machine’s own network', function () {
  this.timeout(120_000 * effort);
  let rig: PvCallsRig;
  let frontend: PvCallsFrontend;
  let backend: PvCallsBackend;
  const servers: Server[] = [];

  beforeEach(() => {
    rig = new PvCallsRig({ network: guardedNetwork(nodeNetwork, new AllowList()) });
    ({ frontend, backend } = rig.openPair());
  });
  afterEach(async () => {
    frontend.close();
    backend.close();
    rig.back.resources.release();
    rig.front.resources.release();
    assert.equal(rig.machine.pagesInUse, rig.pagesBefore, 'no page is left');
    rig.close();
    for (const server of servers.splice(0)) {
      server.close();
      await once(server, 'close');
    }
  });

  async function listen(server: Server): Promise<{ host: string; port: number }> {
    servers.push(server);
    server.listen(0, host);
    await once(server, 'listening');
    return { host, port: (server.address() as AddressInfo).port };
  }

  /** Whoever comes here is connected through the frontend. */
  function relayTo(address: { host: string; port: number }) {
    return listen(
      createServer((outside) => {
        void (async () => {
          const inside = await frontend.connect(address);
          // Either side may go first, as curl and servers of HTTP do.
          await Promise.allSettled([pipeline(outside, inside), pipeline(inside, outside)]);
          inside.destroy();
        })();
      }),
    );
  }

  /** Answers a GET with `body`, and a PUT with the hash of what came. */
  const httpServer = (body: Buffer) =>
    createHttpServer((request, response) => {
      if (request.method === 'GET') return void response.end(body);
      const hash = createHash('sha256');
      request.on('data', (bytes: Buffer) => hash.update(bytes));
      request.on('end', () => response.end(hash.digest('hex')));
    });

  /** Runs curl to its end, and hashes what it prints. */
  async function curl(args: readonly string[], input?: Buffer) {
    const child = spawn('curl', ['--silent', '--show-error', '--noproxy', '*', ...args]);
    const hash = createHash('sha256');
    let said = '';
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes < 1000) said += String(chunk);
    });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint += String(chunk)));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const [status] = (await once(child, 'close')) as [number];
    assert.equal(status, 0, complaint);
    return { hash: hash.digest('hex'), bytes, said };
  }

  it('carries 64 MiB each way between curl and a server of HTTP', async () => {
    const body = randomBytes(transferBytes);
    const expected = createHash('sha256').update(body).digest('hex');
    const relay = await relayTo(await listen(httpServer(body)));
    const url = `http://${host}:${relay.port}/`;
    for (let round = 0; round < Math.min(effort, 16); round++) {
      const got = await curl([url]);
      assert.deepEqual([got.bytes, got.hash], [transferBytes, expected]);
      const sent = await curl(['--upload-file', '-', '--header', 'Expect:', url], body);
      assert.equal(sent.said, expected);
    }
    await until(() => backend.sockets.size === 0);
  });

  it('lets curl reach a server of HTTP in the guest', async () => {
    const body = randomBytes(mebibyte);
    const http = httpServer(body);
    const { server, port } = await guestServer();
    const serving = (async () => {
      for await (const socket of server) http.emit('connection', socket);
    })();
    const url = `http://${host}:${port}/`;
    for (let round = 0; round < 3; round++) {
      assert.equal((await curl([url])).hash, createHash('sha256').update(body).digest('hex'));
    }
    await server.close();
    await serving;
    await assert.rejects(curl([url]), /refused|connect/i);
  });

  it('keeps a thousand connections to a server of HTTP apart, all open at once', async () => {
    const http = await listen(
      createHttpServer((request, response) => void response.end(`this is ${request.url}`)),
    );
    const sockets = await Promise.all(
      Array.from({ length: manyConnections }, () => frontend.connect(http, { order: 1 })),
    );
    assert.equal(backend.sockets.connected().length, manyConnections);
    await Promise.all(
      sockets.map(async (socket, number) => {
        socket.write(`GET /${number} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        let answer = '';
        for await (const bytes of socket as AsyncIterable<Buffer>) answer += String(bytes);
        assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
        assert.ok(answer.endsWith(`this is /${number}`), answer);
        await socket.released;
      }),
    );
    await until(() => backend.sockets.size === 0);
  });

  it('tells what the network answers, and what the allow-list refuses', async () => {
    const closed = await listen(createServer());
    servers.splice(0)[0]!.close();
    const fails = (name: string) => (error: unknown) =>
      error instanceof SocketError && error.errorName === name;
    await assert.rejects(frontend.connect(closed), fails('ECONNREFUSED'));
    const taken = await listen(createServer());
    await assert.rejects(frontend.listen(taken), fails('EADDRINUSE'));
    await assert.rejects(frontend.connect({ host: '192.0.2.1', port: 80 }), fails('EACCES'));
    await assert.rejects(frontend.listen({ host: '0.0.0.0', port: 8080 }), fails('EACCES'));
    assert.equal(rig.backFindings.count('refusedAddress'), 2);
    assert.match(rig.log.join('\n'), /may not connect to 192\.0\.2\.1:80/);
    await until(() => backend.sockets.size === 0);
  });

  it('hears that the other side has reset the connection', async () => {
    const resets = await listen(
      createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.resetAndDestroy());
      }),
    );
    const socket = await frontend.connect(resets);
    socket.resume();
    socket.write('hello');
    const [error] = (await once(socket, 'error')) as [SocketError];
    assert.equal(error.errorName, 'ECONNRESET');
    await socket.released;
  });

  /** At a port that was free a moment ago; somebody else may take it meanwhile. */
  async function guestServer(): Promise<{ server: PvCallsServer; port: number }> {
    for (let attempt = 0; ; attempt++) {
      const probe = createServer().listen(0, host);
      await once(probe, 'listening');
      const { port } = probe.address() as AddressInfo;
      probe.close();
      await once(probe, 'close');
      try {
        return { server: await frontend.listen({ host, port }), port };
      } catch (error) {
        const isTaken = error instanceof SocketError && error.errorName === 'EADDRINUSE';
        if (!isTaken || attempt > 20) throw error;
      }
    }
  }
});
