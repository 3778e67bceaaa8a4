/** `xenscope pvcalls connect` as a program of domain 0 of a simulated world, whose backend opens sockets of this machine. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeNetwork } from '../../../server/cli/nodeNetwork';
import { AllowList, guardedNetwork } from '../../../server/pvcalls/allowList';
import { bundle } from '../../cli/xenscope';
import { dump } from '../../sim/worldKit';
import { describeWithDaemons } from '../daemons/requirements';
import { Program, ProgramWorld } from './kit';

const host = '127.0.0.1';

describeWithDaemons('a connection through PV Calls on the command line', function () {
  this.timeout(120_000);
  let worlds: ProgramWorld;
  let script: string;
  let env: NodeJS.ProcessEnv;
  let server: Server;
  let port: number;
  let serve: (socket: Socket) => void;
  const started: Program[] = [];

  before(async () => {
    const network = guardedNetwork(nodeNetwork, new AllowList());
    [worlds, script] = [await ProgramWorld.open({ network, pace: 20 }), await bundle()];
    env = await worlds.environment('0');
    server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      // As a server does that is not for half-open connections.
      socket.on('end', () => socket.end());
      serve(socket);
    }).listen(0, host);
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(async () => {
    for (const { child, ended, isOver } of started.splice(0)) {
      if (!isOver) child.kill('SIGKILL');
      await ended;
    }
  });
  after(async () => {
    server.close();
    await worlds.close();
  });

  function connect(...args: readonly string[]): Program {
    const child = spawn(process.execPath, [script, 'pvcalls', 'connect', ...args], { stdio: 'pipe', env });
    child.stdin.on('error', () => undefined);
    const one = new Program(child);
    started.push(one);
    return one;
  }
  const leftNodes = async () =>
    [...(await dump(worlds.world)).keys()].filter((path) => path.includes('pvcalls'));

  it('carries both directions, ends with the other side, and leaves no device', async () => {
    serve = (socket) =>
      socket.on('data', (bytes) => {
        if (String(bytes) === 'bye') socket.end('goodbye');
        else socket.write(String(bytes).toUpperCase());
      });
    const one = connect('-v', `${host}:${port}`);
    one.child.stdin!.write('hello');
    await one.printed('HELLO');
    assert.notDeepEqual(await leftNodes(), []);
    one.child.stdin!.write('bye');
    const { code, stdout, stderr } = await one.ended;
    assert.deepEqual([code, stdout], [0, 'HELLOgoodbye'], stderr);
    assert.match(stderr, /connected to 127\.0\.0\.1:\d+ over \/local\/domain\/0\/device\/pvcalls\/1/);
    assert.deepEqual(await leftNodes(), []);
  });

  it('sends a megabyte to its last byte, and leaves after the end of input where that is wanted', async () => {
    const bytes = randomBytes(2 ** 20);
    const heard = createHash('sha256');
    const all = new Promise<void>((resolve) => {
      serve = (socket) => {
        socket.on('data', (piece) => heard.update(piece));
        socket.on('end', () => {
          socket.end();
          resolve();
        });
      };
    });
    const one = connect('-q', '0', `${host}:${port}`);
    one.child.stdin!.end(bytes);
    assert.equal((await one.ended).code, 0);
    await all;
    assert.equal(heard.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
    assert.deepEqual(await leftNodes(), []);
  });

  for (const quit of [[], ['-q', '0']]) {
    it(`sends all of its input to who has ended already and hears on: ${quit.join(' ') || 'no options'}`, async () => {
      const bytes = randomBytes(2 ** 20);
      const folder = mkdtempSync(join(tmpdir(), 'xenscope-test-'));
      const file = join(folder, 'input');
      writeFileSync(file, bytes);
      const heard = createHash('sha256');
      const all = new Promise<void>((resolve) => {
        serve = (socket) => {
          socket.end();
          socket.on('data', (piece) => heard.update(piece));
          socket.on('close', () => resolve());
        };
      });
      const stdin = openSync(file, 'r');
      try {
        const args = [script, 'pvcalls', 'connect', ...quit, `${host}:${port}`];
        const one = new Program(spawn(process.execPath, args, { stdio: [stdin, 'pipe', 'pipe'], env }));
        started.push(one);
        const { code, stderr } = await one.ended;
        assert.deepEqual([code, stderr], [0, '']);
        await all;
      } finally {
        closeSync(stdin);
        rmSync(folder, { recursive: true });
      }
      assert.equal(heard.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
      assert.deepEqual(await leftNodes(), []);
    });
  }

  it('says why it cannot connect, and leaves nothing either', async () => {
    const refused = await connect('10.0.0.1:80').ended;
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Connecting to 10\.0\.0\.1:80 failed: permission denied \(EACCES\)/);
    const nobody = await connect('--timeout', '0', '-b', '0', `${host}:${port}`).ended;
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /No backend in domain 0 has taken the device/);
    const nowhere = await connect('-b', '99', `${host}:${port}`).ended;
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.stderr, /There is no domain 99/);
    const wrong = await connect('here:80').ended;
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /four numbers and a port/);
    assert.deepEqual(await leftNodes(), []);
  });

  it('says that the world stands still where no backend can take the device, and leaves nothing', async () => {
    worlds.world.world.pace = 0;
    try {
      const { code, stderr } = await connect('--timeout', '0', `${host}:${port}`).ended;
      assert.equal(code, 1);
      assert.match(stderr, /^xenscope: The world stands still: its pace is 0, .* Give the world a pace/);
      assert.doesNotMatch(stderr, /No backend/);
    } finally {
      worlds.world.world.pace = 20;
    }
    assert.deepEqual(await leftNodes(), []);
  });

  it('takes its device away when a signal ends it', async () => {
    serve = (socket) => void socket.write('here');
    const one = connect(`${host}:${port}`);
    await one.printed('here');
    one.child.kill('SIGINT');
    assert.equal((await one.ended).code, 130);
    assert.deepEqual(await leftNodes(), []);
  });

  /** A program whose output is in our hands, and a server that never ends to send. */
  async function flooded() {
    serve = (socket) => {
      const more = () => {
        while (socket.write(Buffer.alloc(65_536)));
      };
      socket.on('drain', more);
      more();
    };
    const args = [script, 'pvcalls', 'connect', '-v', `${host}:${port}`];
    const child = spawn(process.execPath, args, { stdio: 'pipe', env });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += String(text)));
    const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, stderr }));
    await once(child.stderr, 'data');
    return { child, ended };
  }

  it('takes its device away when nobody reads its output any longer', async () => {
    const { child, ended } = await flooded();
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const { code, stderr } = await ended;
    assert.equal(code, 0, stderr);
    assert.deepEqual(await leftNodes(), []);
  });

  it('hears a signal where its output is kept open and not read', async () => {
    const { child, ended } = await flooded();
    // Something lies in the pipe, and nobody takes it.
    await once(child.stdout, 'readable');
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    child.stdout.destroy();
    assert.equal(code, 143, stderr);
    assert.deepEqual(await leftNodes(), []);
  });
});
