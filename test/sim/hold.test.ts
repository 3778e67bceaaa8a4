import assert from 'node:assert/strict';
import type { WorldMove } from '../../server/host/worldControl';
import { debian, linuxGuest } from '../../server/sim/guests/linux';
import { ManualClock } from './manualClock';
import { closeWorlds, dump, openWorld, plainGuest } from './worldKit';

const line = ({ kind, domid, text }: WorldMove) => `${kind} ${domid} ${text}`;
const linux = () => plainGuest({ guest: linuxGuest(debian) });

describe('a held world', () => {
  afterEach(closeWorlds);

  it('lets nothing happen, while requests from outside are answered', async () => {
    const clock = new ManualClock();
    const moves: WorldMove[] = [];
    const world = await openWorld({ clock, pace: 1, domains: [linux()], onMove: (move) => moves.push(move) });
    world.world.hold();
    await world.settled();
    const { length } = moves;
    const before = world.nowMs();
    const store = world.openStore();
    await store.write('/local/domain/1/control/shutdown', 'reboot');
    for (let minute = 0; minute < 10; minute++) {
      clock.tick(60_000);
      await world.settled();
    }
    assert.equal(moves.length, length);
    assert.equal(world.nowMs(), before);
    // The guest has been told by now, but it cannot move.
    assert.equal(String(await store.read('/local/domain/1/control/shutdown')), 'reboot');
    assert.ok(world.world.isHeld);

    world.world.resume();
    await world.settled();
    assert.equal(String(await store.read('/local/domain/1/control/shutdown')), '');
    assert.ok(moves.length > length);
  });

  it('does one thing at each step and says which', async () => {
    const moves: string[] = [];
    const world = await openWorld({ domains: [linux()], onMove: (move) => moves.push(line(move)) });
    world.world.hold();
    moves.length = 0;
    const store = world.openStore();
    await store.write('/local/domain/1/control/shutdown', 'poweroff');
    const told: string[] = [];
    for (let step = 0; step < 60; step++) {
      const move = await world.world.step();
      assert.ok(move);
      told.push(line(move));
      assert.equal(moves.length, step + 1);
    }
    assert.deepEqual(told, moves);
    assert.ok(
      told.some((text) => /^ringStep 1 guest \(domain 1\), on the ring: \d+ bytes out of rsp/.test(text)),
      told.join('\n'),
    );
    assert.ok(
      told.some((text) =>
        /^doorbell 1 guest \(domain 1\) hears the doorbell 1, rung by domain 0\.$/.test(text),
      ),
    );
  });

  it('leads the same life whether it is stepped or left alone', async () => {
    const calm: string[] = [];
    const left = await openWorld({ seed: 3, domains: [linux()], onMove: (move) => calm.push(line(move)) });
    await left.advance(60_000);
    const stepped: string[] = [];
    const held = await openWorld({ seed: 3, domains: [linux()], onMove: (move) => stepped.push(line(move)) });
    held.world.hold();
    while (stepped.length < calm.length) assert.ok(await held.world.step());
    assert.deepEqual(stepped, calm);
    held.world.resume();
    assert.deepEqual([...(await dump(held))], [...(await dump(left))]);
  });

  it('has nothing to step to where nothing waits', async () => {
    const world = await openWorld({ domains: [] });
    world.world.hold();
    for (let step = 0; step < 100; step++) if (!(await world.world.step())) return;
    assert.fail('an empty host never comes to rest');
  });

  it('refuses to step a world that runs, with a sentence', async () => {
    const world = await openWorld({ domains: [] });
    await assert.rejects(world.world.step(), { code: 'refused', message: /not held/ });
  });

  it('lives the same at any pace', async () => {
    const virtual: string[] = [];
    const fast = await openWorld({ seed: 8, domains: [linux()], onMove: (move) => virtual.push(line(move)) });
    await fast.advance(120_000);
    const clock = new ManualClock();
    const real: string[] = [];
    const paced = await openWorld({
      seed: 8,
      clock,
      pace: 7,
      domains: [linux()],
      onMove: (move) => real.push(line(move)),
    });
    for (let wait = 0; wait < 500 && real.length < virtual.length; wait++) {
      clock.tick(37);
      await paced.settled();
    }
    assert.deepEqual(real.slice(0, virtual.length), virtual);
  });
});
