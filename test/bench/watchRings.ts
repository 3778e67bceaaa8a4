/**
 * What it costs to show the rings of 50 guests, two pages each, 30 times a second, to record a
 * request and its reply, and to record the rings of a world: processor time, which other programs on
 * the machine disturb least.
 *
 *     node --import tsx test/bench/watchRings.ts
 */
import { Journal } from '../../server/capture/journal';
import { recordHost } from '../../server/capture/recordHost';
import { recordStore } from '../../server/capture/storeRecorder';
import { systemClock } from '../../server/cli/systemClock';
import { diagnose } from '../../server/doctor/doctor';
import { BufferMemory } from '../../server/host/bufferMemory';
import { RingWatch } from '../../server/model/rings/ringWatch';
import { openProcessPages } from '../../server/sim/pages';
import { createWorld } from '../../server/sim/world';
import { ManualClock } from '../sim/manualClock';
import { plainGuest } from '../sim/worldKit';
import { ObservedRingPage, PageObserver } from '../support/observedPage';
import { rawFrame } from '../support/rawConnection';

const guests = 50;
const perSecond = 30;
const rounds = 2_000;
const requests = 1_000_000;
const floodRequests = 5_000;
const floodTurns = 20;
const request = rawFrame({ type: 'READ', reqId: 1, payload: '/local/domain/3/name|' });
const reply = rawFrame({ type: 'READ', reqId: 1, payload: 'web-server-1' });

function processorUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Microseconds of processor time for one round over all pages and its frame. */
function showRings(isMoving: boolean): number {
  const pool = openProcessPages();
  const clock = new ManualClock();
  const rings = Array.from({ length: 2 * guests }, (_, at) => {
    const page = new ObservedRingPage({ kind: at % 2 ? 'console' : 'xenstore', domid: 1 + (at >> 1) });
    const memory = new BufferMemory({ buffer: pool.allocate(1).buffer, offset: 0, bytes: 4096 }, 'write');
    const inside = { pendingToServer: false, pendingToGuest: false, toldServer: 1, toldGuest: 1 };
    const { id, kind, domid, found } = page.observed;
    const copy = (into: Uint8Array, offset = 0) => (memory.copyOut(offset, into), true);
    return { page, memory, observed: { id, kind, domid, found, inside, copy } };
  });
  const observer = new PageObserver(rings.map(({ observed }) => observed));
  const watch = new RingWatch({ observer, clock, judge: diagnose });
  const subscription = watch.subscribe(() => undefined, { intervalMs: 1_000 / perSecond });
  let spentUs = 0;
  for (let round = -rounds / 10; round < rounds; round++) {
    for (const { page, memory } of isMoving ? rings : []) {
      for (const { name } of page.layout.directions) page.pass(name, request);
      memory.copyIn(0, page.bytes);
    }
    const before = processorUs();
    clock.tick(1_000 / perSecond);
    if (round >= 0) spentUs += processorUs() - before;
  }
  subscription.stop();
  pool.close();
  return spentUs / rounds;
}

/** Microseconds of processor time for a request and its reply. */
function recordRequests(): number {
  const tap = recordStore(new Journal({ clock: systemClock })).opened({
    transport: 'socket',
    domid: 0,
    privileged: true,
  })!;
  let before = 0;
  for (let at = -requests / 10; at < requests; at++) {
    if (at === 0) before = processorUs();
    tap.received(request, 0, request.length);
    tap.sent(reply, 0, reply.length);
  }
  return (processorUs() - before) / requests;
}

/** Guests of a world that ask as fast as they can, by turns with the recording of their rings and without. */
async function recordWorld(guests: number): Promise<{ plainUs: number; recordedUs: number }> {
  const journal = new Journal({ clock: systemClock });
  const domains = Array.from({ length: guests }, (_, at) => plainGuest({ name: `guest-${at}` }));
  const tap = recordStore(journal);
  const world = await createWorld({ seed: 1, pace: 0, clock: systemClock, domains, tap });
  const stores = world.hypervisor.list().flatMap(({ domid, store }) => (domid === 0 ? [] : [store]));
  const flood = async () => {
    const before = processorUs();
    await Promise.all(
      stores.map(async (store) => {
        for (let at = 0; at < floodRequests / guests; at++) await store.read('name');
      }),
    );
    return (processorUs() - before) / floodRequests;
  };
  const recorded = async () => {
    const stop = recordHost(journal, world.observer(), systemClock);
    const spentUs = await flood();
    stop();
    return spentUs;
  };
  await recorded();
  const plainUs: number[] = [];
  const recordedUs: number[] = [];
  for (let turn = 0; turn < floodTurns; turn++) {
    // Each goes first as often as the other.
    if (turn % 2 === 0) plainUs.push(await flood());
    recordedUs.push(await recorded());
    if (turn % 2 === 1) plainUs.push(await flood());
  }
  await world.close();
  return { plainUs: median(plainUs), recordedUs: median(recordedUs) };
}

function median(values: number[]): number {
  return values.sort((one, other) => one - other)[values.length >> 1]!;
}

async function main(): Promise<void> {
  for (const isMoving of [false, true]) {
    const roundUs = showRings(isMoving);
    const percent = (roundUs * perSecond) / 10_000;
    console.log(
      `${2 * guests} ring pages, ${isMoving ? 'all moving' : 'all idle  '}: ${roundUs.toFixed(0)} us for each frame, ${percent.toFixed(2)} % of one processor at ${perSecond} Hz`,
    );
  }
  console.log(`flight recorder: ${(recordRequests() * 1_000).toFixed(0)} ns for a request and its reply`);
  for (const count of [1, guests]) {
    const { plainUs, recordedUs } = await recordWorld(count);
    const percent = (100 * (recordedUs - plainUs)) / plainUs;
    console.log(
      `flight recorder, rings of a world, ${count} flooding: ${plainUs.toFixed(1)} us for a request, ${recordedUs.toFixed(1)} us with its ring recorded (${percent.toFixed(1)} %)`,
    );
  }
}

void main();
