/** What an observer of a world knows of its guests' sockets, without an end of any of their devices. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { diagnose } from '../../server/doctor/doctor';
import { diagnosePvCalls } from '../../server/doctor/pvcalls/pvcallsDoctor';
import type { PvCallsDevice } from '../../server/model/pvcalls/pvcallsDevice';
import type { PvCallsDiagnosis, PvCallsSocketRow } from '../../server/model/pvcalls/pvcallsTypes';
import { PvCallsWatch } from '../../server/model/pvcalls/pvcallsWatch';
import { RingWatch } from '../../server/model/rings/ringWatch';
import { hostileGuest } from '../../server/sim/guests/hostilePvCalls';
import {
  chattyClient,
  echoServer,
  httpClient,
  httpServer,
  pvcallsGuest,
  refusedClient,
  slowClient,
  type PvCallsHabit,
} from '../../server/sim/guests/pvcallsGuests';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import type { DomainConfig, GuestScript } from '../../server/sim/toolstack/config';
import type { World } from '../../server/sim/world';
import { ManualClock } from './manualClock';
import { closeWorlds, openWorld, plainGuest } from './worldKit';

const web = { host: '10.0.0.80', port: 80 };
const talk = { host: '10.0.0.80', port: 7 };
const nobody = { host: '10.0.0.99', port: 81 };
const everyMs = { least: 500, most: 1500 };

describe('sockets of simulated guests, as an observer sees them', function () {
  this.timeout(120_000);
  let network: SimNetwork;
  let clock: ManualClock;
  let world: World;
  let rings: RingWatch;
  let watch: PvCallsWatch | undefined;

  const guest = (name: string, ...habits: PvCallsHabit[]): DomainConfig =>
    guestOf(name, pvcallsGuest(...habits));
  const guestOf = (name: string, script: GuestScript): DomainConfig =>
    plainGuest({ name, pvcalls: true, guest: script });
  const server = () => guest('server', httpServer(web), echoServer(talk));

  async function open(...domains: DomainConfig[]): Promise<void> {
    network = new SimNetwork();
    clock = new ManualClock();
    world = await openWorld({ transport: 'process', network, domains, clock });
  }

  function look(): PvCallsWatch {
    const observer = world.observer();
    rings = new RingWatch({ observer, clock, judge: diagnose });
    return (watch = new PvCallsWatch({
      observer,
      clock,
      rings,
      judge: diagnosePvCalls,
      nameDomain: (domid) => `domain ${domid}`,
      reports: world.endReports,
      onMistake: (error) => {
        throw error;
      },
    }));
  }

  /** It is built as the world's time passes. */
  function start(config: DomainConfig): void {
    void world.toolstack.create(config);
  }

  /** The world's time and that of whoever looks go together. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      await world.advance(250);
      clock.tick(250);
    }
  }

  /** Not there before its guest has connected it. */
  const deviceOf = (name: string): PvCallsDevice =>
    watch!.devices.find(({ id }) =>
      id.startsWith(`/local/domain/${world.toolstack.byName(name)?.domain.domid}/`),
    )!;
  const rowsOf = (name: string): readonly PvCallsSocketRow[] => deviceOf(name).told.map(({ row }) => row);
  const dataPages = () =>
    world
      .observer()
      .pages()
      .filter(({ device }) => device?.format.kind === 'pvcallsData');

  afterEach(async () => {
    watch?.close();
    watch = undefined;
    await closeWorlds();
  });

  it('are all seen from their beginning to their end, and no call is missed', async () => {
    await open();
    look();
    start(server());
    start(guest('client', httpClient(web, everyMs), refusedClient(nobody, everyMs)));
    await pass(15_000);
    for (const name of ['server', 'client']) {
      const { calls } = deviceOf(name);
      assert.deepEqual(
        [calls.unseenRequests, calls.unseenResponses, calls.unasked, calls.resets],
        [0, 0, 0, 0],
      );
    }
    const calls = deviceOf('client').callsSince(0);
    assert.ok(calls.length > 30, `${calls.length} calls`);
    for (const { known, request, answered, latencyMs } of calls.map((call) => ({
      ...call,
      latencyMs: call.answered?.latencyMs,
    }))) {
      assert.ok(known === 'seen' && request && answered && latencyMs !== undefined);
    }
    const told = new Set(calls.map(({ text }) => text.replace(/socket [0-9]+/, 'socket N')));
    assert.ok(
      told.has('connect socket N to 10.0.0.80:80') && told.has('release socket N, and keep its pages'),
    );
    const refused = calls.filter(({ answered }) => answered?.error?.name === 'ECONNREFUSED');
    assert.ok(refused.length > 0 && refused.every(({ text }) => text.includes('10.0.0.99:81')));
    const connected = rowsOf('client').filter(({ state }) => state === 'connected');
    assert.equal(2 * connected.length, network.openStreams);
    assert.deepEqual(
      rowsOf('server')
        .filter(({ state }) => state === 'listening')
        .map(({ local, backlog }) => `${local} ${backlog}`),
      ['10.0.0.80:80 128', '10.0.0.80:7 128'],
    );
  });

  it('are shown by hundreds, with what passes in each and the rings in the list', async () => {
    await open();
    look();
    start(server());
    let echoes = 0;
    start(
      guest(
        'client',
        chattyClient(talk, 500, 20, () => echoes++),
      ),
    );
    const frames: number[] = [];
    const subscription = watch!.subscribe(() => frames.push(deviceOf('server').told.length), 100);
    do await pass(2_000);
    while (echoes < 500);
    await pass(1_000);
    subscription.stop();
    for (const name of ['client', 'server']) {
      const connected = rowsOf(name).filter(({ state }) => state === 'connected');
      assert.equal(connected.length, 500);
      assert.ok(connected.every((row) => row.rings?.ring && row.in && row.out && row.rings.order === 1));
      assert.equal(deviceOf(name).calls.unseenRequests, 0);
    }
    assert.equal(dataPages().length, 1_000);
    assert.ok(rowsOf('client').every(({ remote }) => remote === '10.0.0.80:7'));
    assert.ok(rowsOf('server').every(({ local }) => local?.startsWith('10.0.0.80:')));
    // Whoever began to look when a ring was there already has seen the less of it.
    const bytes = rowsOf('client').reduce((sum, row) => sum + (row.out?.bytes ?? 0), 0);
    assert.ok(bytes > 0, `${bytes} bytes`);
    assert.ok(frames.length > 20, 'frames came all the while');
  });

  it('are found in old slots when they were opened before anybody looked, and their rings with them', async () => {
    let echoes = 0;
    await open(
      server(),
      guest(
        'client',
        chattyClient(talk, 8, 50, () => echoes++),
      ),
    );
    look();
    await pass(1_000);
    const rows = rowsOf('client');
    assert.equal(rows.length, 8);
    for (const { known, state, rings: place, remote } of rows) {
      assert.deepEqual([known, state, remote], ['oldSlot', 'connected', undefined]);
      assert.ok(place?.ring, 'its grant and event channel still stood in the slot');
    }
    // Of the accepted ones the numbers are overwritten: they are known by their grants.
    const accepted = rowsOf('server').filter(({ state }) => state === 'connected');
    assert.ok(accepted.length >= 7 && accepted.every(({ rings: place }) => place?.ring));
    // One whose request lay in a slot as well, as another ACCEPT still waits, is known by its number.
    assert.ok(accepted.filter(({ id }) => id === undefined).length >= 6);
    assert.ok(echoes > 0);
  });

  it('are told of from the first look on, and nothing is before it', async () => {
    await open(server());
    look();
    assert.deepEqual(
      watch!.devices.map(({ row }) => row.devid),
      [],
    );
    watch!.lookNow();
    assert.deepEqual(
      watch!.devices.map(({ row }) => row.devid),
      ['0'],
    );
  });

  it('are not thought to wait for what was answered before anybody looked', async () => {
    // A listener to whom nobody comes waits for long: its ACCEPT is overwritten by what is answered meanwhile.
    await open(server(), guest('client', httpClient(web, everyMs)));
    await pass(30_000);
    look();
    for (let second = 0; second < 10; second++) {
      await pass(1_000);
      const { calls } = deviceOf('server');
      const waiting = calls.pending
        .map(({ row }) => row)
        .filter(({ cmd }) => cmd !== 'ACCEPT')
        .map(({ text }) => text);
      assert.deepEqual(waiting, [], `after ${second + 1} s`);
    }
  });

  it('take their rings along when they are released, and keep those apart that will be used again', async () => {
    await open();
    look();
    start(server());
    start(guest('client', slowClient(web, 60)));
    let most = 0;
    const texts: string[] = [];
    const subscription = watch!.subscribe(() => undefined, 100);
    for (let round = 0; round < 40; round++) {
      await pass(250);
      most = Math.max(most, dataPages().length);
      for (const { id } of dataPages()) {
        for (const { queued, consumed } of rings.detail(id)?.details ?? []) {
          texts.push(...[...queued, ...consumed].map(({ text }) => text));
        }
      }
    }
    subscription.stop();
    const { kept } = deviceOf('client').sockets;
    assert.ok(
      texts.some((text) => text === 'GET /large HTTP/1.0'),
      'the panel of a ring shows what passes',
    );
    assert.ok(texts.some((text) => text === 'server says the same again.'));
    assert.ok(most > 0 && kept.length > 0, `${most} rings, ${kept.length} kept`);
    const inUse = new Set(rowsOf('client').map((row) => row.rings?.ref));
    assert.ok(kept.every(({ ref }) => !inUse.has(ref)));
    assert.equal(dataPages().length, watch!.devices.flatMap((device) => [...device.rings()]).length);
    for (const name of ['client', 'server']) world.world.act('destroy', name);
    await pass(2_000);
    assert.deepEqual([watch!.devices.length, dataPages().length], [0, 0]);
  });

  it('are told of in Problems when a program sleeps over a full ring', async () => {
    await open();
    look();
    start(server());
    start(guest('client', slowClient(web, 30_000)));
    const found: string[] = [];
    const subscription = rings.subscribe(
      ({ findings }) => found.push(...findings.map(({ severity, text }) => `${severity}: ${text}`)),
      { intervalMs: 500 },
    );
    await pass(12_000);
    subscription.stop();
    assert.ok(found.includes('warning: full, frontend not reading'), [...new Set(found)].join());
  });

  it('and their device are said to be in trouble when a program sleeps over a full ring, and well again', async () => {
    await open();
    look();
    start(server());
    start(guest('client', slowClient(web, 6_000)));
    const subscription = watch!.subscribe(() => undefined, 500);
    const saidOf = (diagnosis: PvCallsDiagnosis | undefined) => `${diagnosis?.severity}: ${diagnosis?.text}`;
    do await pass(500);
    while (!deviceOf('client')?.wasLookedAt);
    const sleeper = () => rowsOf('client').find(({ diagnosis }) => diagnosis?.rule === 'full');
    do await pass(500);
    while (!sleeper());
    const { id, diagnosis } = sleeper()!;
    assert.equal(saidOf(diagnosis), 'warning: full, frontend not reading');
    const { row } = deviceOf('client');
    assert.equal(saidOf(row.diagnoses[0]), `warning: socket ${id}: full, frontend not reading`);
    assert.deepEqual(deviceOf('client').diagnoses, [], 'Problems has it of the ring already');
    do await pass(500);
    while (sleeper() || deviceOf('client').row.diagnoses[0]?.rule !== 'at-rest');
    subscription.stop();
  });

  it('of a guest that keeps no rule are bounded and harm nobody, and its backend says what it found', async () => {
    await open();
    look();
    start(server());
    start(guestOf('hostile', hostileGuest()));
    await pass(60_000);
    const device = deviceOf('hostile');
    assert.ok(device.calls.finishedSoFar > 50, `${device.calls.finishedSoFar} calls`);
    assert.deepEqual([device.calls.unseenRequests, device.calls.unasked], [0, 0]);
    assert.ok(device.told.length <= 16, 'no more than it has numbers for');
    const rules = device.diagnoses.map(({ rule }) => rule);
    assert.ok(rules.includes('found-by-own-end'), rules.join());
    assert.doesNotMatch(JSON.stringify([device.row, device.callsSince(0)]), /undefined|NaN|\[object/);
  });

  it('are looked at without changing anything: the world leads the same life', async () => {
    const lifeOf = async (isSeen: boolean) => {
      const hash = createHash('sha256');
      let moves = 0;
      network = new SimNetwork();
      clock = new ManualClock();
      world = await openWorld({
        transport: 'process',
        network,
        clock,
        domains: [server(), guest('client', httpClient(web, everyMs), chattyClient(talk, 3, 100))],
        onMove: ({ text }) => {
          moves++;
          hash.update(`${text}\n`);
        },
      });
      if (isSeen) look();
      await pass(5_000);
      if (isSeen) assert.ok(deviceOf('client').calls.finishedSoFar > 32, 'it was looked at');
      watch?.close();
      watch = undefined;
      await world.close();
      return `${moves} moves, ${hash.digest('hex')}`;
    };
    assert.equal(await lifeOf(true), await lifeOf(false));
  });
});
