/** A person who tries everything at once: whatever is done to a world, it can be brought back to order. */
import assert from 'node:assert/strict';
import { demoDomains } from '../../server/sim/demo';
import { faultTexts } from '../../server/sim/faults';
import { SeededRandom } from '../../server/sim/seededRandom';
import type { World } from '../../server/sim/world';
import { effort, seed } from '../fuzz/seed';
import { RingStateReader } from './ringState';
import { closeWorlds, openWorld } from './worldKit';

const WORLDS = 4 * effort;
const ACTS = 60;

const guests = demoDomains.filter(({ name }) => ['database', 'old-hvm', 'mini-os', 'rolling'].includes(name));

async function doSomething(world: World, random: SeededRandom): Promise<string> {
  const control = world.world;
  const roll = random.below(10);
  if (roll < 5) {
    const possible = control
      .domains()
      .flatMap(({ domid, name, can }) => can.map((act) => ({ act, who: domid ?? name })));
    if (possible.length === 0) return 'nothing possible';
    const { act, who } = random.pick(possible);
    control.act(act, who);
    return `${act} ${who}`;
  }
  if (roll < 7) {
    const name = random.pick(Object.keys(faultTexts));
    const probability = random.pick([0, 0.01, 0.1, 1]);
    control.setFault(name, probability);
    return `${name} ${probability}`;
  }
  if (roll < 8) {
    const { domid } = random.pick(control.domains());
    if (domid === undefined || !control.ring(domid)) return 'no ring';
    void control.reconnect(domid);
    return `reconnect ${domid}`;
  }
  if (roll < 9) {
    control.hold();
    for (let step = random.below(200); step > 0; step--) await control.step();
    control.resume();
    return 'hold and step';
  }
  await world.advance(random.between(0, 60_000));
  return 'time passes';
}

function reconnectAll({ world }: World): void {
  for (const { domid } of world.domains()) {
    if (domid !== undefined && world.ring(domid)) void world.reconnect(domid);
  }
}

/** What a person does who wants everything back as it was. */
async function bringBack(world: World): Promise<void> {
  const control = world.world;
  for (const name of Object.keys(faultTexts)) control.setFault(name, 0);
  for (let round = 0; round < 20; round++) {
    for (const { domid, name, state, can } of control.domains()) {
      if (state === 'running') continue;
      const act = (['unpause', 'resume', 'start', 'destroy'] as const).find((way) => can.includes(way));
      if (act) control.act(act, domid ?? name);
    }
    await world.advance(30_000);
    reconnectAll(world);
    await world.advance(30_000);
    if (control.domains().every(({ state }) => state === 'running')) break;
  }
  await world.advance(60_000);
}

describe('a world in rough hands', function () {
  this.timeout(60_000 * effort);
  afterEach(closeWorlds);

  it(`comes back to order, ${WORLDS} worlds long`, async () => {
    for (let number = 0; number < WORLDS; number++) {
      const random = new SeededRandom(seed + number);
      const done: string[] = [];
      const log: string[] = [];
      const world = await openWorld({ seed: seed + number, domains: guests, log: (line) => log.push(line) });
      for (let act = 0; act < ACTS; act++) {
        done.push(await doSomething(world, random));
        await world.settled();
      }
      await bringBack(world);
      const story = `repeat with XENSCOPE_SEED=${seed + number}\n${done.join(', ')}\n${log.slice(-40).join('\n')}`;
      const domains = world.world.domains();
      for (const { name, state } of domains) {
        // A preserved or half-built one would be the fault of the world.
        assert.equal(state, 'running', `${name} is ${state}; ${story}`);
      }
      for (const { domid, name } of domains) {
        if (domid === 0) continue;
        const ring = new RingStateReader(world, domid!).read();
        assert.deepEqual([ring.error, ring.connection], [0, 0], `${name}: ${JSON.stringify(ring)}; ${story}`);
        assert.deepEqual([ring.reqCons, ring.rspCons], [ring.reqProd, ring.rspProd], `${name} ${story}`);
      }
      assert.ok(world.waitingTimers < 300, `${world.waitingTimers} timers wait; ${story}`);
      // A page for the store and one for the console; domain 0 has no console. The rest are rings of devices.
      const lent = world.machine.lent().flatMap(({ grants }) => grants);
      assert.ok(!lent.some(({ isEnding }) => isEnding), `a grant of a kernel that is gone; ${story}`);
      assert.equal(world.machine.pagesInUse, 2 * domains.length - 1 + lent.length, story);
      await world.close();
    }
  });
});
