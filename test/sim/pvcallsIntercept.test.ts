/** A person before the backend of a world: what they hold waits, what they answer is what the guest hears. */
import assert from 'node:assert/strict';
import type { InterceptSettings } from '../../server/host/callInterceptor';
import { httpClient, httpServer, pvcallsGuest } from '../../server/sim/guests/pvcallsGuests';
import type { GuestScript } from '../../server/sim/toolstack/config';
import type { World } from '../../server/sim/world';
import { closeWorlds, openWorld, plainGuest } from './worldKit';

const web = { host: '10.0.0.80', port: 80 };
const everyMs = { least: 500, most: 1500 };

describe('an interceptor in a world', function () {
  this.timeout(30_000);
  let lines: string[];
  let answers: number[];

  beforeEach(() => {
    lines = [];
    answers = [];
  });
  afterEach(closeWorlds);

  const guest = (name: string, script: GuestScript) => plainGuest({ name, pvcalls: true, guest: script });
  const open = (): Promise<World> =>
    openWorld({
      transport: 'process',
      domains: [
        guest('server', pvcallsGuest(httpServer(web))),
        guest('client', pvcallsGuest(httpClient(web, everyMs, (bytes) => answers.push(bytes)))),
      ],
      log: (line) => lines.push(line),
    });
  const of = (world: World) => world.world.interceptors[0]!;
  const set = (world: World, over: Partial<InterceptSettings>, ...rules: string[]) =>
    of(world).set({
      isOn: true,
      holdsOthers: false,
      rules: rules.map((line) => ({ line, isEnabled: true })),
      ...over,
    });
  const refusals = () => lines.filter((line) => line.includes('client') && line.includes('ECONNREFUSED'));

  it('stands before domain 0, off, with all devices that are connected', async () => {
    const world = await open();
    assert.equal(world.world.interceptors.length, 1);
    const { isOn, held, devices } = of(world).state();
    assert.deepEqual([of(world).domid, isOn, held], [0, false, []]);
    assert.deepEqual(
      devices.map(({ path }) => path),
      ['backend/pvcalls/1/0', 'backend/pvcalls/2/0'],
    );
  });

  it('has a guest wait, and hear what a person answers, which is written down', async () => {
    const world = await open();
    await world.advance(5000);
    set(world, {}, 'connect domain 2 → hold');
    await world.advance(5000);
    const [held, ...others] = of(world).state().held;
    assert.deepEqual(others, [], 'the guest waits for its answer');
    assert.match(held!.text, /^connect socket .* to 10\.0\.0\.80:80$/);
    const before = [answers.length, refusals().length] as const;
    await world.advance(30_000);
    assert.deepEqual([answers.length, refusals().length], before);
    of(world).decide(held!.number, { kind: 'refuse', ret: -111 });
    await world.advance(1000);
    assert.equal(refusals().length, before[1] + 1);
    const said = of(world)
      .eventsAfter(0)
      .map(({ says }) => says);
    assert.ok(said.some((what) => /answered −111 ECONNREFUSED .* by hand/.test(what)));
    assert.ok(
      said.some((what) => what.startsWith('release socket')),
      'what it did next',
    );
    const admitted = world.world.admissions.map(({ kind, text }) => `${kind} ${text}`);
    assert.match(
      admitted[0]!,
      /act intercept of PV Calls in domain 0: on; “connect domain 2 → hold”; others pass/,
    );
    assert.match(admitted[1]!, /connect socket .* of domain 2: is answered −111/);
    assert.equal(admitted.length, 2);
  });

  it('lets rules answer, in the time of the world', async () => {
    const world = await open();
    await world.advance(5000);
    set(world, {}, 'connect domain 2 → ECONNREFUSED', 'accept after 2 s');
    const before = refusals().length;
    await world.advance(10_000);
    assert.ok(refusals().length > before);
    assert.ok(of(world).state().rules[0]!.hits > 0);
    set(world, {}, 'connect domain 2 after 20 s');
    const heard = answers.length;
    await world.advance(15_000);
    assert.equal(answers.length, heard);
    await world.advance(15_000);
    assert.ok(answers.length > heard);
  });

  it('drops what a guest had asked that is destroyed, and all passes when it is turned off', async () => {
    const world = await open();
    set(world, { holdsOthers: true });
    await world.advance(10_000);
    assert.ok(of(world).state().held.length > 0);
    world.world.act('destroy', 'client');
    await world.advance(10_000);
    assert.ok(
      of(world)
        .state()
        .held.every(({ domid }) => domid === 1),
    );
    set(world, { isOn: false });
    assert.deepEqual(of(world).state().held, []);
  });

  it('changes nothing while it is off: the same seed, move by move', async () => {
    const lifeOf = async (touch: (world: World) => void) => {
      const moves: string[] = [];
      const world = await openWorld({
        seed: 5,
        transport: 'process',
        domains: [
          guest('server', pvcallsGuest(httpServer(web))),
          guest('client', pvcallsGuest(httpClient(web, everyMs))),
        ],
        onMove: ({ text }) => moves.push(text),
      });
      touch(world);
      await world.advance(2000);
      await world.close();
      return moves;
    };
    const plain = await lifeOf(() => undefined);
    assert.ok(plain.length > 100);
    assert.deepEqual(await lifeOf((world) => set(world, {}, 'connect domain 9 → EIO')), plain);
  });
});
