import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { diagnose } from '../../server/doctor/doctor';
import type { RingsFrame } from '../../server/model/rings/ringTypes';
import { RingWatch } from '../../server/model/rings/ringWatch';
import { Faults, faultTexts } from '../../server/sim/faults';
import { debian, linuxGuest } from '../../server/sim/guests/linux';
import { SeededRandom } from '../../server/sim/seededRandom';
import { XS_RING_BYTES } from '../../server/wire/xsRing';
import { ManualClock } from './manualClock';
import { RingStateReader } from './ringState';
import { closeWorlds, dump, openWorld, plainGuest } from './worldKit';

/** Those that strike while a device connects have tests of their own. */
const ofDevices = ['hotplugHangs', 'unseenBackend'];
const names = Object.keys(faultTexts);
const linux = (name: string) => plainGuest({ name, guest: linuxGuest(debian), onCrash: 'restart' });

describe('faults', () => {
  afterEach(closeWorlds);

  it('strike as often as their probability says, by domain where that is set, and are counted', () => {
    const faults = new Faults(new SeededRandom(5));
    assert.equal(faults.isAny, false);
    faults.set('lostNotify', 0.25);
    faults.set('lostNotify', 1, 7);
    let struck = 0;
    for (let draw = 0; draw < 10_000; draw++) struck += faults.strikes('lostNotify', 3) ? 1 : 0;
    assert.ok(Math.abs(struck - 2500) < 200, `${struck}`);
    assert.ok(faults.strikes('lostNotify', 7));
    assert.ok(!faults.strikes('tornIndex', 7));
    assert.equal(faults.list().find(({ name }) => name === 'lostNotify')!.count, struck + 1);
    faults.forgetDomain(7);
    faults.set('lostNotify', 0);
    assert.ok(!faults.strikes('lostNotify', 7));
    assert.equal(faults.isAny, false);
  });

  it('refuse what makes no sense, with a sentence', async () => {
    const { world } = await openWorld({ domains: [] });
    assert.throws(() => world.setFault('gremlins', 1), { code: 'input', message: /no fault gremlins/ });
    assert.throws(() => world.setFault('lostNotify', 1.5), { code: 'input', message: /no probability/ });
    assert.throws(() => world.setFault('lostNotify', 1, 9), { code: 'input', message: /no domain 9/ });
  });

  it('are all in the table of docs/simulator.md', () => {
    const text = readFileSync(path.join(__dirname, '../../docs/simulator.md'), 'utf8');
    for (const [name, sentence] of Object.entries(faultTexts)) {
      assert.ok(text.includes(`\`${name}\``), name);
      assert.ok(text.includes(sentence), sentence);
    }
  });

  it('change nothing while they are turned off', async () => {
    const lives = [];
    for (const touch of [false, true]) {
      const world = await openWorld({ seed: 4, domains: [linux('one')] });
      if (touch) for (const name of names) world.world.setFault(name, 0, 1);
      await world.advance(60_000);
      lives.push([...(await dump(world))]);
    }
    assert.deepEqual(lives[0], lives[1]);
  });

  for (const name of names.filter((each) => !ofDevices.includes(each))) {
    it(`${name} strikes one domain, and the others live on`, async () => {
      const world = await openWorld({ seed: 2, domains: [linux('hit'), linux('spared')] });
      world.world.setFault(name, 0.2, 1);
      await world.advance(240_000);
      const fault = world.world.faults.find((each) => each.name === name)!;
      assert.ok(fault.count > 0, 'it never struck');
      const before = (await dump(world)).get('/local/domain/2/data/updated')!.value;
      await world.advance(60_000);
      assert.notEqual((await dump(world)).get('/local/domain/2/data/updated')!.value, before);
      const ring = new RingStateReader(world, 2);
      assert.equal(ring.read().error, 0);
    });
  }

  for (const name of ['corruptIndex', 'ignoredBackpressure'] as const) {
    it(`${name} makes the store give the ring up, and a reconnect brings it back`, async () => {
      const world = await openWorld({ seed: 2, domains: [linux('hit')] });
      const ring = new RingStateReader(world, 1);
      world.world.setFault(name, 1, 1);
      await world.advance(60_000);
      world.world.setFault(name, 0, 1);
      assert.equal(ring.read().error, 2);
      const updated = (await dump(world)).get('/local/domain/1/data/updated')?.value;
      const report = await world.world.reconnect(1);
      assert.equal(report.outcome, 'done', report.text);
      assert.equal(ring.read().error, 0);
      await world.advance(60_000);
      assert.notEqual((await dump(world)).get('/local/domain/1/data/updated')?.value, updated);
    });
  }

  it('ignoredBackpressure writes bytes over those that were not read, and the server copies none by such an index', async () => {
    const clock = new ManualClock();
    const moves: string[] = [];
    const onMove = ({ text }: { text: string }) => moves.push(text);
    const world = await openWorld({ seed: 2, clock, onMove, domains: [linux('hit')] });
    const ring = new RingStateReader(world, 1);
    let findings: RingsFrame['findings'] = [];
    const watch = new RingWatch({ observer: world.observer(), clock, judge: diagnose });
    watch.subscribe((frame) => (findings = frame.findings), { intervalMs: 100 });
    clock.tick(500);
    const before = ring.read();
    world.world.setFault('ignoredBackpressure', 1, 1);
    moves.length = 0;
    await world.advance(60_000);
    clock.tick(500);
    const { reqProd, reqCons, error } = ring.read();
    const written = (reqProd - before.reqProd) >>> 0;
    assert.ok((reqProd - reqCons) >>> 0 > XS_RING_BYTES, `${reqProd} and ${reqCons}`);
    assert.equal(error, 2);
    // The page holds the end of one request, written again and again, and nothing of what was there before.
    const first = moves.find((text) => text.includes(' bytes into req'))!;
    const requestBytes = Number(/(\d+) bytes into req/.exec(first)![1]);
    const page = ring.page();
    const byteAt = (at: number) => page[(before.reqProd + at) % XS_RING_BYTES];
    assert.equal(written % requestBytes, 0);
    for (let at = written - XS_RING_BYTES + requestBytes; at < written; at++) {
      assert.equal(byteAt(at), byteAt(at - requestBytes), `byte ${at} of ${written}`);
    }
    const claim = moves.findLastIndex((text) => /on the ring: req_prod /.test(text));
    assert.match(moves[claim - 1]!, /bytes more into req, over bytes that were not read/);
    assert.ok(!moves.slice(claim).some((text) => text.includes(' out of req')));
    const rules = findings.map(({ ring: id, rule }) => `${id} ${rule}`);
    assert.deepEqual(rules, ['xenstore:1 backpressure-ignored']);
  });

  it('crashInPacket leaves half a header behind in the ring of the dead kernel', async () => {
    const world = await openWorld({ domains: [{ ...linux('hit'), onCrash: 'preserve' }] });
    const before = new RingStateReader(world, 1).read();
    world.world.setFault('crashInPacket', 1, 1);
    await world.advance(60_000);
    const domain = world.world.domains().find(({ domid }) => domid === 1)!;
    assert.deepEqual([domain.state, domain.reason], ['shutdown', 'crash']);
    const after = new RingStateReader(world, 1).read();
    assert.equal((after.reqProd - before.reqProd) >>> 0, 8);
  });
});
