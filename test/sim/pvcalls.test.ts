/** Guests of a world whose sockets are opened in domain 0 by PV Calls, whose every step the scheduler orders. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { hostileGuest } from '../../server/sim/guests/hostilePvCalls';
import {
  chattyClient,
  echoServer,
  httpClient,
  httpServer,
  pvcallsGuest,
  slowClient,
} from '../../server/sim/guests/pvcallsGuests';
import type { SocketNetwork } from '../../server/pvcalls/network';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import type { DomainConfig, GuestScript } from '../../server/sim/toolstack/config';
import type { World } from '../../server/sim/world';
import { addressText } from '../../server/wire/pvcalls/address';
import { parsePvCallsResponse } from '../../server/wire/pvcalls/slots';
import { closeWorlds, dump, openWorld, plainGuest } from './worldKit';

const web = { host: '10.0.0.80', port: 80 };
const talk = { host: '10.0.0.80', port: 7 };
const everyMs = { least: 500, most: 1500 };

describe('simulated guests over PV Calls', function () {
  this.timeout(30_000);
  let network: SimNetwork;
  let asked: string[];

  beforeEach(() => {
    network = new SimNetwork();
    asked = [];
  });
  afterEach(closeWorlds);

  const guest = (name: string, script: GuestScript): DomainConfig =>
    plainGuest({ name, pvcalls: true, guest: script });
  const server = () =>
    guest(
      'server',
      pvcallsGuest(
        httpServer(web, (path) => void asked.push(path)),
        echoServer(talk),
      ),
    );
  const open = (
    domains: readonly DomainConfig[],
    log: (line: string) => void = () => undefined,
  ): Promise<World> => openWorld({ transport: 'process', network, domains, log });

  it('ask each other for pages over HTTP', async () => {
    const answers: number[] = [];
    const lines: string[] = [];
    const client = guest('client', pvcallsGuest(httpClient(web, everyMs, (bytes) => answers.push(bytes))));
    const world = await open([server(), client], (line) => lines.push(line));
    await world.advance(12_000);
    assert.ok(answers.length > 5, `${answers.length} answers`);
    const large = 'server says the same again.\n'.length * 4000;
    assert.ok(
      answers.every(
        (bytes) =>
          bytes === large || bytes === 'This is server.\nIts sockets are opened in domain 0.\n'.length,
      ),
    );
    assert.ok(answers.includes(large));
    assert.ok(asked.length >= answers.length);
    const nodes = await dump(world);
    assert.equal(nodes.get('/local/domain/2/device/pvcalls/0/state')?.value, '4');
    assert.equal(nodes.get('/local/domain/0/backend/pvcalls/2/0/state')?.value, '4');
    assert.equal(nodes.get('/local/domain/0/backend/pvcalls/2/0/max-page-order')?.value, '9');
    // A program that comes before the server listens is told so, and nothing else goes wrong.
    assert.deepEqual(
      lines.filter((line) => /PV Calls|pvcalls/.test(line) && !line.includes('ECONNREFUSED')),
      [],
    );
  });

  it('keep many sockets open at once', async () => {
    let echoes = 0;
    const client = guest('client', pvcallsGuest(chattyClient(talk, 30, 50, () => echoes++)));
    const world = await open([server(), client]);
    await world.advance(10_000);
    assert.ok(echoes > 100, `${echoes} echoes`);
    assert.equal(network.openStreams, 2 * 30);
    assert.ok(world.machine.usageOf(0).mappedPages > 30 * 3 * 2, 'the data rings of both are mapped');
  });

  it('read so slowly that their ring is full, and hear all of it', async () => {
    let pages = 0;
    const client = guest('client', pvcallsGuest(slowClient(web, 60, () => pages++)));
    const world = await open([server(), client]);
    await world.advance(20_000);
    assert.ok(pages >= 1, `${pages} pages`);
  });

  it('keep none of the rules, and everybody else goes on', async () => {
    const answers = new Map<number, number>();
    let echoes = 0;
    const lines: string[] = [];
    const hostile = hostileGuest((slot) => {
      const { ret } = parsePvCallsResponse(slot);
      answers.set(ret, (answers.get(ret) ?? 0) + 1);
    });
    const client = guest('client', pvcallsGuest(chattyClient(talk, 3, 100, () => echoes++)));
    const world = await open([server(), client, guest('hostile', hostile)], (line) => lines.push(line));
    await world.advance(60_000);
    const before = echoes;
    await world.advance(5000);
    assert.ok(echoes > before + 10, 'the others talk on');
    const all = [...answers.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(all > 50, `${all} answers`);
    assert.ok(answers.size >= 4, `answers of ${answers.size} kinds: ${[...answers.keys()].join()}`);
    assert.ok(
      lines.some((line) => line.includes('backend/pvcalls/3/0')),
      'it is told',
    );
    assert.ok(world.machine.usageOf(0).mappedPages < 100, 'nothing piles up');
  });

  it('leave nothing in domain 0 when they are destroyed in the middle', async () => {
    let echoes = 0;
    const client = guest('client', pvcallsGuest(chattyClient(talk, 10, 50, () => echoes++)));
    const world = await open([server(), client]);
    await world.advance(5000);
    assert.ok(echoes > 0);
    for (const name of ['client', 'server']) world.world.act('destroy', name);
    await world.advance(20_000);
    assert.equal(network.openStreams, 0);
    assert.equal(network.listeners, 0);
    assert.equal(world.machine.usageOf(0).mappedPages, 0);
  });

  it('lead the same life for the same seed, move by move', async () => {
    const lifeOf = async (seed: number) => {
      const hash = createHash('sha256');
      let moves = 0;
      const client = guest('client', pvcallsGuest(httpClient(web, everyMs), chattyClient(talk, 3, 100)));
      const world = await openWorld({
        seed,
        transport: 'process',
        domains: [server(), client],
        onMove: ({ text }) => {
          moves++;
          hash.update(`${text}\n`);
        },
      });
      await world.advance(3000);
      await world.close();
      return `${moves} moves, ${hash.digest('hex')}`;
    };
    const first = await lifeOf(7);
    assert.equal(await lifeOf(7), first);
    assert.notEqual(await lifeOf(8), first);
  });

  it('of the demo host talk, are refused now and then, and complain of nothing', async () => {
    const refused: string[] = [];
    const lines: string[] = [];
    const inside = new SimNetwork();
    let connected = 0;
    const counting: SocketNetwork = {
      bind: (address) => inside.bind(address),
      connect: async (address) => {
        try {
          const connection = await inside.connect(address);
          connected++;
          return connection;
        } catch (error) {
          refused.push(addressText(address));
          throw error;
        }
      },
    };
    const world = await openWorld({ network: counting, log: (line) => lines.push(line) });
    const atFirst = { connected, refused: refused.length };
    let atMost = 0;
    for (let seconds = 0; seconds < 120; seconds += 5) {
      await world.advance(5_000);
      atMost = Math.max(atMost, inside.openStreams);
    }
    assert.ok(connected > atFirst.connected + 5, `${connected} connections`);
    assert.ok(refused.slice(atFirst.refused).length > 0, 'one was refused');
    assert.ok(refused.every((address) => address === '10.0.0.9:631' || address.startsWith('10.0.0.1:')));
    assert.equal(inside.listeners, 2);
    assert.ok(atMost >= 2 * 3, 'three connections stay for a while');
    assert.deepEqual(
      lines.filter((line) => /PV Calls|pvcalls/.test(line)),
      [],
    );
  });

  it('talk again when the one that listens has crashed and was built anew', async () => {
    let echoes = 0;
    const client = guest('client', pvcallsGuest(chattyClient(talk, 3, 50, () => echoes++)));
    const world = await open([{ ...server(), onCrash: 'restart' }, client]);
    await world.advance(3000);
    world.world.act('crash', 'server');
    await world.advance(30_000);
    const before = echoes;
    await world.advance(10_000);
    assert.ok(echoes > before, `${echoes} echoes`);
  });
});
