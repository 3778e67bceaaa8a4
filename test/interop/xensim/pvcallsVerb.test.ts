/** `xenscope pvcalls serve` as a program of a domain of a simulated world, for a guest with our frontend, over real sockets. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fullPipe } from '../../cli/fullPipe';
import { bundle } from '../../cli/xenscope';
import { describeWithDaemons } from '../daemons/requirements';
import { Program } from './kit';
import { PvCallsScene, host } from './pvcallsScene';

/** Whose lines are more than node takes for little. */
const toldCalls = 400n;

describeWithDaemons('PV Calls served on the command line', function () {
  this.timeout(120_000);
  let scene: PvCallsScene;
  let script: string;
  const started: Program[] = [];

  before(async () => {
    [scene, script] = [await PvCallsScene.open(), await bundle()];
  });
  afterEach(async () => {
    for (const { child, ended, isOver } of started.splice(0)) {
      if (!isOver) child.kill('SIGKILL');
      await ended;
    }
  });
  after(() => scene.close());

  function serve(...args: readonly string[]): Program {
    const { env } = scene;
    const child = spawn(process.execPath, [script, 'pvcalls', 'serve', ...args], { stdio: 'pipe', env });
    const one = new Program(child);
    started.push(one);
    return one;
  }

  it('opens sockets of the guest on loopback alone, follows its rules, and ends in order', async () => {
    const one = serve('-v', '--intercept', 'connect port 443 → ETIMEDOUT');
    await one.printed('End it with Ctrl-C.');
    assert.match(one.stdout, /served by domain \d+/);
    assert.match(one.stdout, /connect to and bind 127\.0\.0\.0\/8, and nothing else\./);
    assert.match(one.stdout, /Rule: CONNECT port 443 is answered/);
    await scene.withFrontend(async (frontend) => {
      await one.printed(`backend/pvcalls/${scene.domid}/0 of domain ${scene.domid} is connected.`);
      assert.equal(await scene.echoed(frontend, 'hello'), 'hello');
      await assert.rejects(frontend.connect({ host, port: 443 }), { errorName: 'ETIMEDOUT' });
      await assert.rejects(frontend.connect({ host: '10.1.2.3', port: 80 }), { errorName: 'EACCES' });
      const refused = 'A guest may not connect to 10.1.2.3:80: permission denied (EACCES).';
      await one.printed(`${refused} If it is to be trusted with it: --allow 10.1.2.3:80.`);
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
    await scene.withFrontend(async () => {
      await one.printed('is connected');
      for (const beside of [serve(), serve('--force')]) {
        const { code, stderr } = await beside.ended;
        assert.equal(code, 2);
        assert.match(stderr, /^xenscope: Process \d+ serves the PV Calls of this domain already\. End /);
      }
      one.child.kill('SIGKILL');
      await one.ended;
      const { code, stderr } = await serve().ended;
      assert.equal(code, 2);
      assert.match(stderr, /^xenscope: Somebody serves backend\/pvcalls\/\d+\/0 already\. .*--force\.\n$/);
      const next = serve('--force');
      await next.printed('is connected');
      next.child.kill('SIGTERM');
      assert.equal((await next.ended).code, 0);
    });
  });

  it('ends in order on a signal where its output is kept open and not read', async () => {
    const output = fullPipe();
    const child = spawn(process.execPath, [script, 'pvcalls', 'serve', '-v'], {
      stdio: ['ignore', output.fd, 'pipe'],
      env: scene.env,
    });
    const stderr = text(child.stderr!);
    const ended = once(child, 'close');
    try {
      await scene.withFrontend(async (frontend) => {
        for (let id = 0n; id < toldCalls; id++) await frontend.call({ cmd: 'release', id, reuse: false });
        child.kill('SIGINT');
        assert.deepEqual(await ended, [0, null]);
      });
    } finally {
      child.kill('SIGKILL');
      output.close();
    }
    assert.match(await stderr, /^xenscope: nobody reads standard output: up to [0-9]+ bytes .*\n$/);
    await beginsAnew();
  });

  it('ends in order when nobody reads its output any longer', async () => {
    const one = serve('-v');
    await one.printed('End it with Ctrl-C.');
    await scene.withFrontend(async (frontend) => {
      await one.printed('is connected');
      one.child.stdout!.destroy();
      await frontend.call({ cmd: 'release', id: 1n, reuse: false });
      const { code, stderr } = await one.ended;
      assert.deepEqual([code, stderr], [0, '']);
      await beginsAnew();
    });
  });

  /** Nobody is left there who would seem to serve. */
  async function beginsAnew(): Promise<void> {
    const next = serve();
    await next.printed('End it with Ctrl-C.');
    next.child.kill('SIGTERM');
    assert.equal((await next.ended).code, 0);
  }
});
