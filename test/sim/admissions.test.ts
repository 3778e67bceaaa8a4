import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../server/cli/systemClock';
import { Admissions, maxAdmissionChars, maxAdmissions } from '../../server/sim/admissions';
import { dialSocket } from '../../server/store/client/socketDial';
import { openStoreClient } from '../../server/store/client/storeClient';
import { closeWorlds, openWorld, plainGuest } from './worldKit';

describe('what comes from outside', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'world-'))));
  afterEach(async () => {
    await closeWorlds();
    await rm(folder, { recursive: true, force: true });
  });

  it('is recorded in the order in which it comes, with its place in the life of the world', async () => {
    let moves = 0;
    const storeSocketPath = path.join(folder, 'socket');
    const world = await openWorld({
      domains: [plainGuest()],
      storeSocketPath,
      onMove: ({ number }) => (moves = number),
    });
    const { length } = world.world.admissions;
    const socket = openStoreClient({ dial: dialSocket(storeSocketPath), clock: systemClock });
    await socket.read('/tool');
    await socket.write('/tool/by-socket', 'x');
    await world.openStore().write('/tool/in-process', 'y');
    await world.advance(1000);
    world.world.setFault('lostNotify', 0.5, 1);
    world.world.act('pause', 1);
    world.world.pace = 2;
    world.world.hold();
    for (let step = 0; step < 3; step++) await world.world.step();
    world.world.resume();
    const entries = world.world.admissions.slice(length);
    assert.deepEqual(
      entries.map(({ kind, text }) => `${kind} ${text.replace(/: [0-9a-f]+$/, '')}`),
      [
        'request WRITE /tool/by-socket',
        'request WRITE /tool/in-process',
        'fault lostNotify 0.5 for domain 1',
        'act pause 1',
        'pace pace 2',
        'hold hold',
        'hold step, 3 times',
        'hold resume',
      ],
    );
    const hex = /: ([0-9a-f]+)$/.exec(entries[0]!.text)![1]!;
    assert.equal(Buffer.from(hex, 'hex').subarray(16).toString(), '/tool/by-socket\0x');
    const numbers = entries.map(({ number }) => number);
    assert.deepEqual(
      numbers,
      numbers.map((_, place) => numbers[0]! + place),
    );
    assert.ok(entries.every(({ afterMove }) => afterMove <= moves));
    await socket.close();
  });

  it('is kept within bounds, the latest of it', () => {
    const admissions = new Admissions(() => ({ afterMove: 0, atMs: 0 }));
    for (let count = 0; count < 3 * maxAdmissions; count++) admissions.add('act', `${count}`);
    assert.ok(admissions.list.length >= maxAdmissions && admissions.list.length <= 1.1 * maxAdmissions);
    assert.equal(admissions.list.at(-1)!.text, `${3 * maxAdmissions - 1}`);
    assert.equal(admissions.list.at(-1)!.number, 3 * maxAdmissions);
    for (let count = 0; count < 2000; count++) admissions.add('request', 'f'.repeat(20_000));
    const chars = admissions.list.reduce((sum, { text }) => sum + text.length, 0);
    assert.ok(chars <= maxAdmissionChars, `${chars}`);
    assert.ok(chars > maxAdmissionChars / 2, `${chars}`);
  });
});
