import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dialSocket } from '../../server/store/client/socketDial';
import { openStoreClient } from '../../server/store/client/storeClient';
import { systemClock } from '../../server/cli/systemClock';
import { ManualClock } from './manualClock';
import { closeWorlds, openWorld } from './worldKit';

describe('a world as a host', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'world-'))));
  afterEach(async () => {
    await closeWorlds();
    await rm(folder, { recursive: true, force: true });
  });

  it('says what it is', async () => {
    const world = await openWorld({ seed: 77, domains: [] });
    assert.equal(world.kind, 'simulated');
    assert.equal(world.world.seed, 77);
    assert.equal(world.world.pace, 0);
    assert.equal(world.world.storeSocketPath, undefined);
  });

  it('serves its store on a socket that only its owner may use', async () => {
    const storeSocketPath = path.join(folder, 'socket');
    const world = await openWorld({ storeSocketPath });
    assert.equal(world.world.storeSocketPath, storeSocketPath);
    assert.equal((await stat(storeSocketPath)).mode & 0o777, 0o600);
    const outside = openStoreClient({ dial: dialSocket(storeSocketPath), clock: systemClock });
    assert.equal(String(await outside.read('/local/domain/2/name')), 'web');
    await outside.write('/local/domain/2/data/note', 'from outside');
    assert.equal(String(await world.openStore().read('/local/domain/2/data/note')), 'from outside');
    await outside.close();
  });

  it('leaves no timer and no socket when it closes, and tells its clients', async () => {
    const clock = new ManualClock();
    const storeSocketPath = path.join(folder, 'socket');
    const world = await openWorld({ clock, pace: 1, storeSocketPath });
    const client = world.openStore();
    await client.read('/tool');
    assert.ok(clock.waiting > 0);
    await world.close();
    assert.equal(client.state.kind, 'closed');
    assert.equal(clock.waiting, 0);
    assert.equal(world.waitingTimers, 0);
    assert.equal(world.watches, 0);
    assert.ok(!existsSync(storeSocketPath));
    await world.close();
  });

  it('closes in the middle of its life without a word of complaint', async () => {
    const log: string[] = [];
    const world = await openWorld({ log: (line) => log.push(line) });
    const lines = log.length;
    const moving = world.advance(600_000);
    await world.close();
    await moving;
    await world.settled();
    assert.deepEqual(
      log.slice(lines).filter((line) => /failed|crash/.test(line)),
      [],
    );
    assert.equal(world.waitingTimers, 0);
  });

  it('does not start when its socket cannot be made, and leaves nothing behind', async () => {
    const clock = new ManualClock();
    const storeSocketPath = path.join(folder, 'no', 'such', 'folder', 'socket');
    await assert.rejects(openWorld({ clock, pace: 1, domains: [], storeSocketPath }));
    assert.equal(clock.waiting, 0);
  });
});
