/** Guests of a world that talk to each other over vchans, whose every step the scheduler orders. */
import assert from 'node:assert/strict';
import { answerQrexec, callQrexec } from '../../server/sim/guests/qrexec';
import {
  caller,
  dyingPeer,
  echo,
  sink,
  slowSink,
  source,
  vchanPeer,
  wildPeer,
} from '../../server/sim/guests/vchanPeers';
import type { VchanHabit } from '../../server/sim/guests/vchanPeers';
import type { World } from '../../server/sim/world';
import { closeWorlds, openWorld, plainGuest } from './worldKit';

describe('vchans of simulated guests', () => {
  afterEach(closeWorlds);

  const soon = { leastPauseMs: 1000, mostPauseMs: 2000 };

  /** Two guests: `server` offers a vchan again and again, and `client` takes it. */
  function openPair(server: VchanHabit, client: VchanHabit, persistent = false): Promise<World> {
    const guest = (name: string, script: ReturnType<typeof vchanPeer>) =>
      plainGuest({
        name,
        guest: async (domain, surroundings) => {
          domain.startDaemon('vchan', () => script(domain, surroundings));
          return Promise.resolve();
        },
      });
    return openWorld({
      // The faults of these tests are meant for vchans: what breaks the ring to the store ends a guest.
      transport: 'process',
      domains: [
        guest(
          'server',
          vchanPeer({ role: 'server', peer: 'client', port: '1', persistent, ...soon }, server),
        ),
        guest('client', vchanPeer({ role: 'client', peer: 'server', port: '1', ...soon }, client)),
      ],
    });
  }

  const vchansOf = (world: World) =>
    world
      .observer()
      .pages()
      .filter(({ kind }) => kind === 'vchan');

  it('carry an echo, and are seen among the rings', async () => {
    const heard: string[] = [];
    let number = 0;
    const talks: VchanHabit = async (scene) => {
      await caller(() => (heard.push(`call ${number}`), `call ${number++}`), 100, 200)(scene);
    };
    const world = await openPair(echo, talks, true);
    await world.advance(30_000);
    assert.ok(heard.length > 20, `${heard.length} calls`);
    const [page] = vchansOf(world);
    assert.deepEqual(page!.ringBytes, [4096, 4096]);
    assert.equal(page!.domid, 1);
    const words = Buffer.alloc(24);
    page!.copy(words);
    assert.ok(words.readUInt32LE(4) > 100, 'what the client has written');
  });

  it('carry all that a source has into a sink', async () => {
    let ended = 0;
    const world = await openPair(async (scene) => {
      await source(20_000)(scene);
      ended++;
    }, sink);
    await world.advance(3000);
    assert.ok(ended > 0);
    const left = vchansOf(world);
    assert.ok(left.length <= 1, 'each is given back before the next one');
  });

  it('carry calls of qrexec from one qube to another, to the exit code', async () => {
    const called: string[] = [];
    let answered = 0;
    const calls: VchanHabit = async (scene) => {
      await callQrexec(() => `call ${called.push('')}`)(scene);
    };
    const answers: VchanHabit = async (scene) => {
      await answerQrexec(scene);
      answered++;
    };
    const world = await openPair(calls, answers);
    await world.advance(20_000);
    assert.ok(called.length > 5, `${called.length} calls`);
    assert.ok(answered >= called.length - 1, `${answered} of ${called.length} were answered to the end`);
  });

  it('of the demo host are seen: one that stays, and one for each call', async () => {
    const lines: string[] = [];
    const world = await openWorld({ log: (line) => lines.push(line) });
    const grants = new Set<string>();
    for (let second = 0; second < 120; second++) {
      await world.advance(1000);
      for (const { id } of vchansOf(world)) grants.add(id);
    }
    const [calls, echoes] = [10, 9].map((domid) =>
      [...grants].filter((id) => id.startsWith(`vchan:${domid}:`)),
    );
    assert.ok(calls!.length > 0 && echoes!.length > 0, [...grants].join());
    assert.deepEqual(
      lines.filter((line) => /vchan|qrexec|echo/.test(line)),
      [],
    );
  });

  it('are full most of the time where the reader is slow', async () => {
    const world = await openPair(source(1_000_000), slowSink(100, 1000));
    await world.advance(20_000);
    const [page] = vchansOf(world);
    const words = Buffer.alloc(24);
    page!.copy(words);
    assert.ok(words.readUInt32LE(12) - words.readUInt32LE(8) > 3900, 'the ring to the client is full');
  });

  it('end when one is killed, and begin anew', async () => {
    const said: string[] = [];
    const hears: VchanHabit = async ({ vchan, domain }) => {
      const into = Buffer.alloc(100);
      const count = await vchan.read(into, { signal: domain.signal });
      said.push(into.toString('latin1', 0, count));
      assert.equal(await vchan.read(into, { signal: domain.signal }), 0);
    };
    const world = await openPair(dyingPeer, hears);
    await world.advance(5000);
    assert.ok(said.length >= 3, `${said.length} times`);
    assert.ok(said.every((each) => each === 'and now for'));
    const { machine } = world;
    const usage = [1, 2].map((domid) => machine.usageOf(domid).mappedPages);
    assert.ok(Math.max(...usage) <= 3, 'nothing piles up');
  });

  it('tell the index that a wild write has broken', async () => {
    const lines: string[] = [];
    const guest = (name: string, script: ReturnType<typeof vchanPeer>) =>
      plainGuest({ name, guest: (domain, surroundings) => script(domain, surroundings) });
    const world = await openWorld({
      log: (line) => lines.push(line),
      domains: [
        guest('server', vchanPeer({ role: 'server', peer: 'client', port: '1', ...soon }, wildPeer)),
        guest('client', vchanPeer({ role: 'client', peer: 'server', port: '1', ...soon }, sink)),
      ],
    });
    await world.advance(2000);
    const told = lines.filter((line) => line.startsWith('client (domain 2): vchan 1: right_prod is'));
    assert.ok(told.length > 0, lines.join('\n'));
    assert.match(told[0]!, /bytes apart in a ring of 4096/);
  });

  it('are broken by faults, and open anew', async () => {
    let calls = 0;
    const world = await openPair(
      echo,
      caller(() => `call ${calls++}`, 50, 100),
    );
    const struck = (name: string) => world.world.faults.find((fault) => fault.name === name)!.count;
    world.world.setFault('corruptIndex', 0.05, 2);
    world.world.setFault('slowReader', 0.05);
    await world.advance(30_000);
    assert.ok(struck('corruptIndex') > 1 && struck('slowReader') > 1);
    for (const name of ['corruptIndex', 'slowReader']) world.world.setFault(name, 0, 2);
    const before = calls;
    await world.advance(20_000);
    assert.ok(calls > before + 10, 'they talk again');
  });

  it('stand still in a held world, and go on step by step', async () => {
    const world = await openPair(
      echo,
      caller(() => 'hello', 100, 200),
      true,
    );
    await world.advance(5000);
    world.world.hold();
    const steps: string[] = [];
    for (let step = 0; step < 400; step++) {
      const move = await world.world.step();
      if (move) steps.push(move.text);
    }
    const said = steps.join('\n');
    for (const part of [
      /client \(domain 2\), as the client of its vchan: 5 bytes into left/,
      /client \(domain 2\), as the client of its vchan: left_prod 0x[0-9a-f]+ → /,
      /server \(domain 1\), as the server of its vchan: 5 bytes out of left/,
      /server \(domain 1\), as the server of its vchan: cli_notify asks for a ring when the client has written/,
    ]) {
      assert.match(said, part);
    }
    world.world.resume();
  });

  it('outlive the other guest, however that ends', async () => {
    let calls = 0;
    const world = await openPair(
      echo,
      caller(() => `call ${calls++}`, 100, 200),
      true,
    );
    for (const act of ['crash', 'destroy', 'reboot'] as const) {
      await world.advance(5000);
      world.world.act(act, 'client');
      await world.advance(20_000);
      if (world.world.domains().some(({ name, state }) => name === 'client' && state === 'absent')) {
        world.world.act('start', 'client');
      }
      await world.advance(10_000);
      const before = calls;
      await world.advance(10_000);
      assert.ok(calls > before, `they talk after: ${act}`);
    }
  });
});
