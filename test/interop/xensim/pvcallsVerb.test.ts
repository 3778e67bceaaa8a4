/** `xenscope pvcalls serve` as a program of a domain of a simulated world, for a guest with our frontend, over real sockets. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { systemClock } from '../../../server/cli/systemClock';
import type { HostProgram } from '../../../server/host/program';
import type { PvCallsFrontend } from '../../../server/pvcalls/frontend/frontend';
import { pvcallsFrontend } from '../../../server/pvcalls/frontend/frontDevice';
import { addDevice, pvcallsDevice } from '../../../server/sim/toolstack/devices';
import { runFrontends } from '../../../server/xenbus/bus';
import { xenbusPorts } from '../../../server/xenbus/ports';
import { bundle } from '../../cli/xenscope';
import { describeWithDaemons } from '../daemons/requirements';
import { Program, ProgramWorld, until } from './kit';

const host = '127.0.0.1';

describeWithDaemons('PV Calls served on the command line', function () {
  this.timeout(120_000);
  let worlds: ProgramWorld;
  let script: string;
  let server: number;
  let guest: number;
  let env: NodeJS.ProcessEnv;
  let echo: Server;
  let port: number;
  const started: Program[] = [];

  before(async () => {
    [worlds, script] = [await ProgramWorld.open(), await bundle()];
    [server, guest] = [await worlds.domain('server'), await worlds.domain('guest')];
    env = await worlds.environment('server');
    const store = worlds.world.openStore();
    await addDevice(store, {
      ...pvcallsDevice(guest),
      front: [
        ['backend-id', server],
        ['state', 1],
      ],
      backendDomid: server,
    });
    await store.close();
    echo = createServer((socket) => void socket.on('error', () => undefined).pipe(socket)).listen(0, host);
    await once(echo, 'listening');
    ({ port } = echo.address() as AddressInfo);
  });
  afterEach(async () => {
    for (const { child, ended, isOver } of started.splice(0)) {
      if (!isOver) child.kill('SIGKILL');
      await ended;
    }
  });
  after(async () => {
    echo.close();
    await worlds.close();
  });

  function serve(...args: readonly string[]): Program {
    const child = spawn(process.execPath, [script, 'pvcalls', 'serve', ...args], { stdio: 'pipe', env });
    const one = new Program(child);
    started.push(one);
    return one;
  }

  /** Runs while the guest's frontend is connected. */
  async function withFrontend(use: (frontend: PvCallsFrontend) => Promise<void>): Promise<void> {
    const program: HostProgram = worlds.world.openProgram(guest);
    const ending = new AbortController();
    let frontend: PvCallsFrontend | undefined;
    const kind = pvcallsFrontend({ onConnected: (one) => (frontend = one), reopens: true });
    const { signal } = ending;
    const running = runFrontends(xenbusPorts({ ...program, domid: guest, clock: systemClock, signal }), {
      pvcalls: kind,
    });
    await until(() => frontend !== undefined);
    try {
      await use(frontend!);
    } finally {
      ending.abort(new Error('the guest ends'));
      await running.catch(() => undefined);
      await program.close();
    }
  }

  it('opens sockets of the guest on loopback alone, follows its rules, and ends in order', async () => {
    const one = serve('-v', '--intercept', 'connect port 443 → ETIMEDOUT');
    await one.printed('End it with Ctrl-C.');
    assert.match(one.stdout, /served by domain \d+/);
    assert.match(one.stdout, /connect to and bind 127\.0\.0\.0\/8, and nothing else\./);
    assert.match(one.stdout, /Rule: CONNECT port 443 is answered/);
    await withFrontend(async (frontend) => {
      await one.printed(`backend/pvcalls/${guest}/0 of domain ${guest} is connected.`);
      const socket = await frontend.connect({ host, port });
      socket.write('hello');
      assert.equal(String(((await once(socket, 'data')) as [Buffer])[0]), 'hello');
      socket.destroy();
      await socket.released;
      await assert.rejects(frontend.connect({ host, port: 443 }), { errorName: 'ETIMEDOUT' });
      await assert.rejects(frontend.connect({ host: '10.1.2.3', port: 80 }), { errorName: 'EACCES' });
      await one.printed(
        'may not connect to 10.1.2.3:80: permission denied (EACCES). If it is to be trusted with it: --allow 10.1.2.3:80.',
      );
      await one.printed('ETIMEDOUT');
      one.child.kill('SIGINT');
      const { code, stdout, stderr } = await one.ended;
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /connect socket \S+ to 127\.0\.0\.1:443: answered .* ETIMEDOUT .* by the rule/);
      assert.match(stdout, /has disconnected\.\n$/);
    });
  });

  it('refuses what makes no sense before it begins', async () => {
    for (const [args, complaint] of [
      [['--allow', 'everything'], /"everything" names no addresses/],
      [['--intercept', 'connect → quux'], /quux.* says nothing/],
      [['--intercept', 'connect → hold'], /nobody is here who could decide/],
    ] as const) {
      const { code, stderr, stdout } = await serve(...args).ended;
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, complaint);
    }
  });

  it('does not begin beside somebody who serves already, unless it is told to', async () => {
    const one = serve();
    await one.printed('End it with Ctrl-C.');
    await withFrontend(async () => {
      await one.printed('is connected');
      const { code, stderr } = await serve().ended;
      assert.equal(code, 2);
      assert.match(stderr, /^xenscope: Somebody serves backend\/pvcalls\/\d+\/0 already\. .*--force\.\n$/);
      one.child.kill('SIGKILL');
      await one.ended;
      const next = serve('--force');
      await next.printed('is connected');
      next.child.kill('SIGTERM');
      assert.equal((await next.ended).code, 0);
    });
  });
});
