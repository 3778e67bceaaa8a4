/** `xenscope vchan`, two of it with a pipe at each end, as programs of two domains of a simulated world. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fullPipe } from '../../cli/fullPipe';
import { bundle } from '../../cli/xenscope';
import { withoutJoining } from '../../../server/cli/vchanVerb';
import { isStoreError } from '../../../server/host/errors';
import { describeWithDaemons } from '../daemons/requirements';
import { Program, ProgramWorld, buildLibraries, compile, until } from './kit';

const path = 'data/vchan/pipe';
/** More than anybody waits for. */
const endlessBytes = 1e15;
/** Several times what lies in rings and pipes, so that all of them are full. */
const enoughBytes = 8 * 2 ** 20;
const ringBytes = 2 ** 20;
/** Of both rings, as it stands in the control page. */
const ringOrders = 0x0014_0014;

describeWithDaemons('a vchan on the command line', function () {
  this.timeout(120_000);
  let worlds: ProgramWorld;
  let script: string;
  /** With libxenvchan. */
  let peer: string;
  let alice: number;
  let bob: number;
  let envs: Record<'alice' | 'bob', NodeJS.ProcessEnv>;
  const started: Program[] = [];

  before(async () => {
    [worlds, script, peer] = [await ProgramWorld.open(), await bundle(), compile('vchan.c', 'xenvchan')];
    [alice, bob] = [await worlds.domain('alice'), await worlds.domain('bob')];
    envs = { alice: await worlds.environment('alice'), bob: await worlds.environment('bob') };
  });
  afterEach(async () => {
    for (const { child, ended, isOver } of started.splice(0)) {
      if (!isOver) child.kill('SIGKILL');
      await ended;
    }
  });
  after(() => worlds.close());

  function program(args: readonly string[], env: NodeJS.ProcessEnv): Program {
    const child = spawn(process.execPath, [script, 'vchan', ...args], { stdio: 'pipe', env });
    child.stdin.on('error', () => undefined);
    const one = new Program(child);
    started.push(one);
    return one;
  }
  const listen = (...options: string[]) => program(['listen', ...options, String(bob), path], envs.alice);
  const connect = (...options: string[]) =>
    program(['connect', '-v', ...options, String(alice), `/local/domain/${alice}/${path}`], envs.bob);

  /** How far the one ring of these sizes to a server in alice was written and read, in bytes, below 4 GiB. */
  function passedToServer() {
    const page = worlds.world.machine
      .lent()
      .find(({ ownerDomid, frames }) => ownerDomid === alice && frames.memory.load32(16) === ringOrders);
    return { taken: page?.frames.memory.load32(0) ?? 0, written: page?.frames.memory.load32(4) ?? 0 };
  }

  /** Both say something, and end well; what the client said of itself. */
  async function greeted(one: Program, other: Program): Promise<string> {
    one.child.stdin!.write('from the server');
    await other.printed('from the server');
    other.child.stdin!.end('from the client');
    const [served, connected] = await Promise.all([one.ended, other.ended]);
    assert.equal(served.stdout, 'from the client');
    assert.deepEqual([served.code, connected.code], [0, 0], served.stderr + connected.stderr);
    return connected.stderr;
  }

  it('carries both directions, and ends with the one that leaves', async () => {
    const stderr = await greeted(listen(), connect('--wait', '-q', '0'));
    assert.match(stderr, new RegExp(`connected to domain ${alice} at /local/domain/${alice}/${path}`));
  });

  for (const side of ['server', 'client'] as const) {
    it(`takes libxenvchan as its engine, as the ${side}`, async () => {
      const engineOf = (which: string) => (which === side ? ['--engine', 'libxenvchan'] : []);
      const one = listen(...engineOf('server'));
      const other = connect('--wait', '-q', '0', ...engineOf('client'));
      await greeted(one, other);
    });
  }

  it('carries much more than the rings hold, every byte of it', async () => {
    const bytes = randomBytes(2 ** 20);
    const one = listen('-r', '1024,4096');
    const hash = createHash('sha256');
    one.child.stdout!.on('data', (chunk: Buffer) => hash.update(chunk));
    connect('--wait', '-q', '0').child.stdin!.end(bytes);
    assert.equal((await one.ended).code, 0);
    assert.equal(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
  });

  it('says what is missing, and exits with 1; or what makes no sense, and exits with 2', async () => {
    const { code, stderr } = await connect().ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^xenscope: No vchan is offered to this domain at .*\n$/);
    const long = await program(['listen', String(bob), `data/${'x'.repeat(60)}`], envs.alice).ended;
    assert.equal(long.code, 2, long.stderr);
    assert.match(long.stderr, /at most 49/);
    const nowhere = await program(['connect', '-w', worlds.socketPath, '1', path], process.env).ended;
    assert.equal(nowhere.code, 2, nowhere.stderr);
    assert.match(nowhere.stderr, /Name it with --domain/);
  });

  it('joins a world by itself', async () => {
    const joining = ['-d', 'alice', '-w', worlds.socketPath, '--libraries', await buildLibraries()];
    const one = program(['listen', ...joining, String(bob), path], process.env);
    connect('--wait', '-q', '0').child.stdin!.end('hello');
    assert.equal(await one.output(), 'hello');
  });

  it('leaves no node behind when it is ended by a signal', async () => {
    const one = listen();
    const store = worlds.world.openStore();
    const names = () => store.directory(`/local/domain/${alice}/data`).catch((): string[] => []);
    while (!(await names()).includes('vchan')) await new Promise((resolve) => setTimeout(resolve, 5));
    one.child.kill('SIGTERM');
    assert.equal((await one.ended).code, 143);
    assert.deepEqual(await names(), []);
    await store.close();
  });

  it('leaves no node behind when whoever reads it has seen enough', async () => {
    const one = listen();
    one.child.stdout!.destroy();
    const other = connect('--wait');
    other.child.stdin!.write('for nobody');
    const { code, stderr } = await one.ended;
    assert.deepEqual([code, stderr], [0, '']);
    const store = worlds.world.openStore();
    assert.deepEqual(await store.directory(`/local/domain/${alice}/data`), []);
    await store.close();
    assert.equal((await other.ended).code, 0);
  });

  for (const engine of ['own', 'libxenvchan']) {
    it(`hears a signal between a quick writer and a slow pipe, with the engine ${engine}`, async () => {
      const args = ['listen', '-r', String(ringBytes), '--engine', engine, String(bob), path];
      const child = spawn(process.execPath, [script, 'vchan', ...args], {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: envs.alice,
      });
      const ended = once(child, 'exit');
      const place = `/local/domain/${alice}/${path}`;
      const writer = await worlds.start('bob', peer, 'client', alice, place, 0, 'give', endlessBytes);
      let passedBytes = 0;
      // Slower than the writer: the ring is full, and whoever reads it never waits for bytes.
      const passing = (async () => {
        for await (const bytes of child.stdout as AsyncIterable<Buffer>) {
          const wasEnough = passedBytes > enoughBytes;
          passedBytes += bytes.length;
          // Once: a second one would end it at once.
          if (!wasEnough && passedBytes > enoughBytes) child.kill('SIGINT');
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      })();
      try {
        assert.deepEqual(await ended, [130, null]);
      } finally {
        child.kill('SIGKILL');
      }
      await passing;
      assert.equal((await writer.ended).code, 1, 'nobody reads any more');
      const store = worlds.world.openStore();
      assert.deepEqual(await store.directory(`/local/domain/${alice}/data`), []);
      await store.close();
    });
  }

  // The one who writes is still there, or has left and all that it wrote is still in the vchan.
  for (const [writing, bytes] of [
    ['still writes', endlessBytes],
    ['has left', ringBytes],
  ] as const) {
    it(`hears a signal where nobody reads what it writes, and the other side ${writing}`, async () => {
      const args = ['listen', '-r', String(ringBytes), String(bob), path];
      const output = fullPipe();
      const child = spawn(process.execPath, [script, 'vchan', ...args], {
        stdio: ['pipe', output.fd, 'pipe'],
        env: envs.alice,
      });
      let stderr = '';
      child.stderr!.on('data', (text: Buffer) => (stderr += String(text)));
      // What it said is heard whole then.
      const ended = once(child, 'close');
      const place = `/local/domain/${alice}/${path}`;
      const writer = await worlds.start('bob', peer, 'client', alice, place, 0, 'give', bytes);
      try {
        if (bytes < endlessBytes) await writer.ended;
        // What it took waits in the program, and it takes no more: an endless writer stands before a full ring.
        await until(() => {
          const { taken, written } = passedToServer();
          return taken > 0 && (bytes < endlessBytes || written - taken === ringBytes);
        });
        child.kill('SIGTERM');
        assert.deepEqual(await ended, [143, null]);
      } finally {
        child.kill('SIGKILL');
        output.close();
      }
      assert.match(stderr, /^xenscope: nobody reads standard output: up to [0-9]+ bytes .*\n$/);
      await writer.ended;
      const store = worlds.world.openStore();
      assert.deepEqual(await store.directory(`/local/domain/${alice}/data`), []);
      await store.close();
    });
  }

  for (const engine of ['own', 'libxenvchan']) {
    it(`takes the place of nobody, and leaves what is there, with the engine ${engine}`, async () => {
      const one = listen('--keep');
      const store = worlds.world.openStore();
      const base = `/local/domain/${alice}/${path}`;
      const node = `${base}/ring-ref`;
      while (await store.read(node).then(...isMissing))
        await new Promise((resolve) => setTimeout(resolve, 5));
      const offered = await store.read(node);
      const second = await listen('--engine', engine).ended;
      assert.equal(second.code, 2, second.stderr);
      assert.match(second.stderr, /A vchan is offered at .* already/);
      const above = ['listen', '--engine', engine, String(bob), 'data/vchan'];
      assert.match((await program(above, envs.alice).ended).stderr, /holds something else already: pipe/);
      assert.deepEqual(await store.read(node), offered);
      one.child.kill('SIGTERM');
      await one.ended;
      assert.equal(await store.read(node).then(...isMissing), true);
      await store.close();
    });
  }

  for (const engine of ['own', 'libxenvchan']) {
    it(`takes the place of a server that was killed when told to, and says so, with the engine ${engine}`, async () => {
      const store = worlds.world.openStore();
      const node = `/local/domain/${alice}/${path}/ring-ref`;
      const killed = listen();
      while (await store.read(node).then(...isMissing))
        await new Promise((resolve) => setTimeout(resolve, 5));
      const left = String(await store.read(node));
      killed.child.kill('SIGKILL');
      await killed.ended;
      const refused = await listen('--engine', engine).ended;
      assert.equal(refused.code, 2, refused.stderr);
      assert.match(refused.stderr, /or replace it, with --replace, if its server has ended/);
      const one = listen('--replace', '--engine', engine, '-v');
      while (!one.stderr.includes('offered to')) await new Promise((resolve) => setTimeout(resolve, 5));
      connect('-q', '0').child.stdin!.end('after all');
      const { code, stdout, stderr } = await one.ended;
      assert.deepEqual([code, stdout], [0, 'after all'], stderr);
      assert.match(
        stderr,
        new RegExp(
          `^xenscope: at ${path}, ring-ref ${left} and event-channel \\d+ of another server are to be replaced\n`,
        ),
      );
      assert.deepEqual(await store.directory(`/local/domain/${alice}/data/vchan`), []);
      await store.close();
    });
  }

  it('ends, and says why, when the world that it is part of has ended', async () => {
    const other = await ProgramWorld.open();
    const [client, env] = [await other.domain('bob'), await other.environment('alice')];
    const one = program(['listen', '-v', String(client), path], env);
    while (!one.stderr.includes('offered to')) await new Promise((resolve) => setTimeout(resolve, 5));
    await other.close();
    const { code, stderr } = await one.ended;
    assert.equal(code, 1, stderr);
    // Whichever it notices first.
    assert.match(stderr, /\nxenscope: .*(\/dev\/xen\/evtchn|xenstore at) /);
  });

  it('takes one client after the other with --keep', async () => {
    const one = listen('--keep');
    for (const word of ['first', 'second']) {
      connect('--wait', '-q', '0').child.stdin!.end(word);
      await one.printed(word);
    }
    one.child.kill('SIGTERM');
    assert.equal((await one.ended).stdout, 'firstsecond');
  });
});

const isMissing = [
  () => false,
  (error: unknown) => {
    if (isStoreError(error, 'ENOENT')) return true;
    throw error;
  },
] as const;

describe('the command that runs itself in a domain', () => {
  it('leaves out the words that say where to join, and nothing else', () => {
    const words = ['vchan', 'listen', '-d', 'a', '--world=x', '-k', '--libraries', 'l', '2', 'data/d', '-wy'];
    assert.deepEqual(withoutJoining(words), ['vchan', 'listen', '-k', '2', 'data/d']);
  });
});
