import assert from 'node:assert/strict';
import type { ReconnectReport, ReconnectStep } from '../../server/host/worldControl';
import { previewReconnect } from '../../server/act/reconnect';
import { debian, linuxGuest } from '../../server/sim/guests/linux';
import { miniOsGuest } from '../../server/sim/guests/miniOs';
import { XsRingFeature } from '../../server/wire/xsRing';
import { ManualClock } from './manualClock';
import { RingStateReader } from './ringState';
import { closeWorlds, dump, openWorld, plainGuest } from './worldKit';

const linux = () => plainGuest({ guest: linuxGuest(debian) });
const both = XsRingFeature.RECONNECTION | XsRingFeature.ERROR;

describe('guests on rings', () => {
  afterEach(closeWorlds);

  it('speak to the store through their pages, which come to rest empty', async () => {
    const world = await openWorld();
    const guests = world.hypervisor.list().filter(({ domid, running }) => domid !== 0 && running);
    assert.ok(guests.length > 8);
    for (const { domid, name } of guests) {
      const ring = new RingStateReader(world, domid).read();
      assert.ok(ring.reqProd > 0, `${name} never asked anything`);
      assert.deepEqual([ring.reqCons, ring.rspCons], [ring.reqProd, ring.rspProd], name);
      assert.deepEqual([ring.features, ring.connection, ring.error], [both, 0, 0], name);
    }
    assert.deepEqual(world.world.ring(2), { features: both, watches: world.hypervisor.get(2)!.watches });
    assert.equal(world.world.ring(0), undefined);
  });

  it('lead the same life past their rings, but for its order', async () => {
    const trees = [];
    for (const transport of ['ring', 'process'] as const) {
      const world = await openWorld({ domains: [linux()], transport });
      trees.push([...(await dump(world)).keys()]);
      if (transport === 'process') assert.equal(new RingStateReader(world, 1).read().reqProd, 0);
    }
    assert.deepEqual(trees[0], trees[1]);
  });

  it('offer what the world says, and mini-os resets its ring in the way that is left', async () => {
    for (const ringFeatures of [0, both]) {
      const log: string[] = [];
      const mini = plainGuest({
        name: 'mini',
        resetsRing: true,
        nics: [{ bridge: 'xenbr0' }],
        guest: miniOsGuest,
      });
      const world = await openWorld({ domains: [mini], ringFeatures, log: (line) => log.push(line) });
      assert.equal(new RingStateReader(world, 1).read().features, ringFeatures);
      assert.equal((await dump(world)).get('/local/domain/1/device/vif/0/state')?.value, '4');
      const reconnected = log.some((line) => /domain 1 is reconnected/.test(line));
      assert.equal(reconnected, ringFeatures === both);
      // The bytes behind what was written since are those of the reset, in both ways.
      const page = new RingStateReader(world, 1).page();
      assert.ok(page.subarray(0, 2048).includes(0xff));
    }
  });

  it('are told by which word a reconnect is not offered', async () => {
    const world = await openWorld({ domains: [linux()], ringFeatures: XsRingFeature.ERROR });
    const ring = { kind: 'xenstore', domid: 1, directions: [] } as const;
    const target = { host: world, store: world.openStore(), ring, nameDomain: String };
    const { verdict, details } = await previewReconnect(target);
    assert.equal(verdict, 'refuse');
    assert.match(details[0]!, /^server_features is 0x2, without the mask 0x1 /);
  });

  it('are connected anew when a person asks, step by step, and lose nothing for good', async () => {
    const world = await openWorld({ domains: [linux()] });
    const steps: ReconnectStep[] = [];
    const { watches } = world;
    const report = await world.world.reconnect(1, { onStep: (step) => steps.push(step) });
    assert.equal(report.outcome, 'done', report.text);
    assert.deepEqual(report.steps, steps);
    const texts = steps.map(({ side, text }) => `${side}: ${text}`);
    assert.equal(texts[0], 'guest: connection 0 → 1');
    assert.equal(texts[1], 'guest: rings at the server');
    assert.ok(texts.includes('xenstored: both rings filled with 0xff'));
    assert.ok(texts.includes('xenstored: connection 1 → 0'));
    await world.advance(60_000);
    assert.equal(world.watches, watches);
    await world.openStore().write('/local/domain/1/control/shutdown', 'poweroff');
    await world.advance(20_000);
    assert.equal(world.hypervisor.byName('guest'), undefined);
  });

  it('say what is stuck, and why', async () => {
    const clock = new ManualClock();
    const world = await openWorld({ clock, domains: [linux()] });
    const stuck = async () => {
      const report = world.world.reconnect(1, { timeoutMs: 5000 });
      await world.settled();
      clock.tick(5000);
      return report;
    };
    world.world.setFault('lostNotify', 1, 1);
    const lost = await stuck();
    assert.match(lost.text, /has asked, and the xenstored has not answered/);
    assert.match(lost.wayOut!, /pending bits/);
    await assert.rejects(world.world.reconnect(0), { code: 'unsupported' });
  });

  it('wait for as long as it takes while the world is held or the guest stands, and say so', async () => {
    const clock = new ManualClock();
    const world = await openWorld({ clock, domains: [linux()] });
    const { world: control } = world;
    const told: string[] = [];
    const ask = () => {
      told.length = 0;
      return control.reconnect(1, {
        timeoutMs: 5000,
        onStep: ({ side, text }) => {
          if (side === 'world') told.push(text);
        },
      });
    };
    const standing = async (report: Promise<ReconnectReport>) => {
      await world.settled();
      clock.tick(60_000);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(await Promise.race([report, Promise.resolve('waits')]), 'waits');
    };

    control.hold();
    const held = ask();
    await standing(held);
    assert.deepEqual(told, ['the world is held: resume it, or step it on']);
    // Step by step it goes on, and the world is held as before.
    for (let step = 0; step < 4; step++) await control.step();
    await standing(held);
    assert.equal(told.length, 1);
    control.resume();
    assert.equal((await held).outcome, 'done');
    assert.match((await held).text, /^Connected anew after \d+ steps;/);

    const stands = [
      ['pause', 'unpause', 'the guest is paused: unpause it'],
      ['suspend', 'resume', 'the guest is suspended: resume it'],
    ] as const;
    for (const [stop, goOn, text] of stands) {
      // Held, so that it stands before it has asked.
      control.hold();
      const report = ask();
      if (stop === 'suspend') world.hypervisor.get(1)!.shutdown('suspend');
      else control.act(stop, 1);
      control.resume();
      await standing(report);
      assert.equal(told.at(-1), text);
      control.act(goOn, 1);
      assert.equal((await report).outcome, 'done');
    }

    // What counted before the obstacle still counts after it.
    control.setFault('lostNotify', 1, 1);
    const lost = ask();
    await world.settled();
    clock.tick(3000);
    control.hold();
    await standing(lost);
    control.resume();
    clock.tick(3000);
    assert.match((await lost).text, /has asked, and the xenstored has not answered for 5 seconds/);
  });

  it('wait no longer for a held world that is closed', async () => {
    const world = await openWorld({ domains: [linux()] });
    world.world.hold();
    const report = world.world.reconnect(1);
    await world.settled();
    await world.close();
    assert.equal((await report).outcome, 'stuck');
    assert.match((await report).text, /let go of its ring/);
  });

  it('cannot reconnect where the store does not offer it, and are told so', async () => {
    const world = await openWorld({ domains: [linux()], ringFeatures: 0 });
    const report = await world.world.reconnect(1);
    assert.equal(report.outcome, 'stuck');
    assert.match(report.text, /does not offer reconnection/);
  });
});
