/** How much of a device's calls and sockets is remembered, whatever both ends put into the ring. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maxCommandTaps } from '../../../server/capture/commandTaps';
import { diagnose } from '../../../server/doctor/doctor';
import { maxRememberedCalls } from '../../../server/model/pvcalls/callBook';
import { maxKeptRings, maxNamelessSockets, maxSeenSockets } from '../../../server/model/pvcalls/socketBook';
import { frontendPath } from '../../../server/model/pvcalls/pvcallsDevice';
import { PvCallsWatch } from '../../../server/model/pvcalls/pvcallsWatch';
import { RingWatch } from '../../../server/model/rings/ringWatch';
import { ManualClock } from '../../sim/manualClock';
import { CommandRing } from '../../support/commandRing';
import { PageObserver } from '../../support/observedPage';
import { accept, alone, connect, release, Rig, socket } from './bookRig';

describe('what is remembered of calls and sockets', () => {
  it('is bounded, and says what it left out', () => {
    const rig = new Rig();
    for (let id = 0; id < maxSeenSockets + 5; id++) rig.done(socket(BigInt(id)));
    assert.equal(rig.device.sockets.all.size, maxSeenSockets);
    assert.equal(rig.device.sockets.leftOut, 5);
    rig.device.look(alone, rig.time);
    const { callsLeftOut, socketsLeftOut } = rig.device.state(rig.time);
    assert.ok(callsLeftOut > 0 && rig.device.callsSince(0).length <= 2 * maxRememberedCalls);
    assert.equal(socketsLeftOut, 5);
    for (let at = 0; at < maxKeptRings + 3; at++) {
      rig.done(connect(BigInt(at), 100 + at));
      rig.done(release(BigInt(at), true));
    }
    assert.equal(rig.device.sockets.kept.length, maxKeptRings);
  }).timeout(20_000);

  it('keeps nothing of what is gone, also where two sockets accept each other', () => {
    const rig = new Rig();
    for (const id of [1n, 2n]) rig.done(socket(id));
    for (let turn = 0; turn < 50; turn++) {
      rig.done(accept(1n, 2n, 2 * turn));
      rig.done(accept(2n, 1n, 2 * turn + 1));
    }
    const lengths = [...rig.device.sockets.all].map((last) => {
      let length = 0;
      for (let each: typeof last | undefined = last; each; each = each.listener) length++;
      return length;
    });
    assert.ok(Math.max(...lengths) <= 3, `chains of ${lengths.join()} sockets`);
  });

  it('holds no more sockets without a number than the limit', () => {
    const rig = new Rig();
    for (let at = 0; at < 3 * maxNamelessSockets; at++) {
      rig.quick(accept(1n, BigInt(at + 2), 1_000 + at));
      rig.look();
    }
    assert.equal(rig.device.sockets.all.size, maxNamelessSockets + 1);
  });

  it('survives whatever both ends put into the ring', () => {
    const word = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    const step = fc.record({
      who: fc.constantFrom('request', 'response', 'index', 'scribble'),
      words: fc.array(word, { minLength: 16, maxLength: 16 }),
      isLookedAt: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const rig = new Rig();
        for (const { who, words, isLookedAt } of steps) {
          const bytes = Buffer.alloc(64);
          words.forEach((value, at) => bytes.writeUInt32LE(value, 4 * at));
          if (who === 'request') rig.ring.requestBytes(bytes);
          if (who === 'response') {
            rig.ring.respond(words[0]!, words[1]!, words[2]! | 0, BigInt(words[3]!));
          }
          if (who === 'index') rig.ring.page.setWord('rsp_prod', rig.ring.page.word('req_prod') - words[0]!);
          if (who === 'scribble') rig.ring.slot(words[0]! % 32).set(bytes);
          if (isLookedAt) rig.look();
        }
        rig.look();
        const { device } = rig;
        assert.ok(device.calls.pendingCount <= 32);
        assert.ok(device.sockets.all.size <= maxSeenSockets);
        const names = [...device.rings()].map(({ name }) => name);
        assert.equal(new Set(names).size, names.length, 'no two rings have one name');
        device.look(alone, rig.time);
        const told = JSON.stringify([device.state(rig.time), device.told, device.callsSince(0)]);
        assert.doesNotMatch(told, /undefined|NaN|\[object/);
      }),
      { numRuns: 150 },
    );
  }).timeout(20_000);

  it('says of a command ring beyond the limit that nobody listens to it', () => {
    const { observed } = new CommandRing();
    const pages = Array.from({ length: maxCommandTaps + 1 }, (_, at) => ({
      ...observed,
      id: `ring ${at}`,
      domid: at + 1,
      device: { ...observed.device!, domid: at + 1 },
    }));
    const observer = new PageObserver(pages);
    const clock = new ManualClock();
    const rings = new RingWatch({ observer, clock, judge: diagnose });
    const watch = new PvCallsWatch({ observer, clock, rings, judge: () => [], nameDomain: String });
    const whyOf = (domid: number) => watch.whyUnheard(frontendPath(domid, observed.device!.devid));
    assert.deepEqual([whyOf(1), whyOf(maxCommandTaps)], [undefined, undefined]);
    assert.match(whyOf(maxCommandTaps + 1)!, /No more than 512 command rings/);
    observer.setPages(pages.slice(1));
    watch.lookNow();
    clock.tick(1_000);
    assert.equal(whyOf(maxCommandTaps + 1), undefined, 'there is room again');
    watch.close();
  });
});
