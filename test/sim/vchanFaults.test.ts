/** Faults of the guests that strike in the middle of what they write into a vchan, and what is said of them. */
import assert from 'node:assert/strict';
import { diagnose } from '../../server/doctor/doctor';
import type { RingsFrame } from '../../server/model/rings/ringTypes';
import { RingWatch } from '../../server/model/rings/ringWatch';
import { vchanPeer, type VchanHabit } from '../../server/sim/guests/vchanPeers';
import type { World } from '../../server/sim/world';
import { isCode } from '../vchan/rig';
import { ManualClock } from './manualClock';
import { closeWorlds, openWorld, plainGuest } from './worldKit';

describe('faults in a vchan', () => {
  afterEach(closeWorlds);

  const soon = { leastPauseMs: 100, mostPauseMs: 200 };

  /** `server` writes to `client`, who is domain 2. */
  function openPair(
    clock: ManualClock,
    server: VchanHabit,
    client: VchanHabit,
    onMove: (move: { text: string }) => void = () => undefined,
  ): Promise<World> {
    const guest = (name: string, script: ReturnType<typeof vchanPeer>) =>
      plainGuest({ name, guest: (domain, surroundings) => script(domain, surroundings), onCrash: 'destroy' });
    return openWorld({
      clock,
      onMove,
      transport: 'process',
      domains: [
        guest('server', vchanPeer({ role: 'server', peer: 'client', port: '1', ...soon }, server)),
        guest('client', vchanPeer({ role: 'client', peer: 'server', port: '1', ...soon }, client)),
      ],
    });
  }

  it('ignoredBackpressure writes on over bytes that were not read, which both ends and the doctor tell', async () => {
    const clock = new ManualClock();
    const moves: string[] = [];
    const said: unknown[] = [];
    let writesOn = false;
    const writes: VchanHabit = async ({ vchan, domain }) => {
      for (;;) {
        await vchan
          .write(Buffer.from('hundred___'.repeat(10)), { signal: domain.signal })
          .catch((error: unknown) => {
            said.push(error);
          });
        do await domain.sleep(100, 200);
        while (!writesOn);
      }
    };
    let client: Parameters<VchanHabit>[0]['vchan'] | undefined;
    const looksAway: VchanHabit = async ({ vchan, domain }) => {
      client = vchan;
      await domain.sleep(500_000, 600_000);
    };
    const world = await openPair(clock, writes, looksAway, ({ text }) => moves.push(text));
    let findings: RingsFrame['findings'] = [];
    const watch = new RingWatch({ observer: world.observer(), clock, judge: diagnose });
    watch.subscribe((frame) => (findings = frame.findings), { intervalMs: 100 });
    await world.advance(5000);
    clock.tick(500);
    assert.deepEqual(
      findings.filter(({ severity }) => severity === 'error'),
      [],
    );
    world.world.setFault('ignoredBackpressure', 1, 1);
    writesOn = true;
    await world.advance(3000);
    clock.tick(500);
    clock.tick(500);
    assert.ok(moves.some((text) => /4000 bytes more into right, over bytes that were not read/.test(text)));
    const rules = findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule);
    assert.deepEqual(rules, ['backpressure-ignored']);
    assert.ok(said.length > 0);
    assert.ok(isCode('protocol', /right_prod is .* bytes apart in a ring of 4096/)(said[0]));
    assert.throws(() => client!.readyBytes, isCode('protocol', /bytes apart in a ring of 4096/));
  });

  it('crashInPacket leaves half of it behind: the other side reads that, and is told that the domain has ended', async () => {
    const clock = new ManualClock();
    const told: string[] = [];
    let got = '';
    const writes: VchanHabit = async ({ vchan, domain: { signal } }) => {
      for (let number = 0; ; number++) await vchan.send(Buffer.from(`message ${number % 10}.`), { signal });
    };
    const reads: VchanHabit = async ({ vchan, domain }) => {
      const message = Buffer.alloc(10);
      for (;;) {
        try {
          while (await vchan.recv(message, { signal: domain.signal })) await domain.sleep(100, 200);
          return;
        } catch (error) {
          if (domain.signal.aborted) throw error;
          told.push((error as Error).message);
          const rest = Buffer.alloc(100);
          got = rest.toString('latin1', 0, await vchan.read(rest));
          assert.equal(await vchan.read(rest), 0);
          return;
        }
      }
    };
    const world = await openPair(clock, writes, reads);
    await world.advance(3000);
    world.world.setFault('crashInPacket', 1, 1);
    await world.advance(200_000);
    assert.deepEqual(told, [
      'The server of this vchan has gone: domain 1 has ended, with 5 bytes unread, and 10 were asked for.',
    ]);
    assert.equal(got, 'messa');
    assert.ok(!world.world.domains().some(({ domid }) => domid === 1));
  });
});
