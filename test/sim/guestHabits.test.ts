/** The habits of the guests that people meet: how each brings a device up, what it publishes, and what it does when it is closed. */
import assert from 'node:assert/strict';
import { debian, linuxGuest } from '../../server/sim/guests/linux';
import { miniOsGuest } from '../../server/sim/guests/miniOs';
import { mirageGuest } from '../../server/sim/guests/mirage';
import { windowsGuest } from '../../server/sim/guests/windows';
import type { DomainConfig } from '../../server/sim/toolstack/config';
import { closeWorlds, dump, followAll, openWorld, plainGuest } from './worldKit';

const front = (device: string) => `/local/domain/1/device/${device}`;
const back = (device: string) => `/local/domain/0/backend/${device.replace('/', '/1/')}`;
const vif = 'vif/0';
const vbd = 'vbd/51712';

/** A world in which this guest is built under our eyes. */
async function build(overrides: Partial<DomainConfig>) {
  const guest = plainGuest({
    nics: [{ bridge: 'xenbr0' }],
    disks: [{ vdev: 'xvda', target: '/dev/vg0/root' }],
    vcpus: 2,
    ...overrides,
  });
  const world = await openWorld({ domains: [] });
  const events = await followAll(world, { values: true });
  world.hypervisor.dom0.start('test', async () => void (await world.toolstack.create(guest)));
  await world.advance(60_000);
  /** What its state was, one after the other. */
  const states = (folder: string) =>
    events
      .filter((event) => event.startsWith(`${folder}/state = `))
      .map((event) => event.at(-1))
      .join(' ');
  return {
    world,
    states,
    /** The names that the guest's driver and the toolstack wrote below the frontend. */
    async published(device: string): Promise<string[]> {
      const nodes = [...(await dump(world)).keys()].filter((path) => path.startsWith(`${front(device)}/`));
      const made = new Set([
        'backend',
        'backend-id',
        'state',
        'handle',
        'mac',
        'virtual-device',
        'device-type',
      ]);
      return nodes
        .map((path) => path.slice(front(device).length + 1))
        .filter((name) => !made.has(name))
        .sort();
    },
    /** As an administrator takes it from the guest, and leaves it online. */
    async close(device: string): Promise<void> {
      const store = world.openStore();
      await store.write(`${back(device)}/state`, '5');
      await store.close();
      await world.advance(30_000);
    },
  };
}

describe('the habits of guests', () => {
  afterEach(closeWorlds);

  it('Linux: netfront is Connected at once and has a pair of rings for each processor, blkfront waits', async () => {
    const { states, published, close } = await build({ guest: linuxGuest(debian) });
    assert.equal(states(front(vif)), '1 4');
    assert.equal(states(back(vif)), '1 2 4');
    assert.equal(states(front(vbd)), '1 3 4');
    assert.equal(states(back(vbd)), '1 2 4');
    const names = await published(vif);
    assert.ok(names.includes('multi-queue-num-queues') && names.includes('queue-1/event-channel-rx'));
    assert.deepEqual(
      (await published(vbd)).filter((name) => /ring|event/.test(name)),
      ['event-channel', 'ring-ref'],
    );
    await close(vif);
    assert.equal(states(front(vif)), '1 4 6', 'it stays closed until somebody begins anew');
    assert.equal(states(back(vif)), '1 2 4 5 6');
  });

  it('Linux after a kexec: what the kernel before left is closed first', async () => {
    const { world, states } = await build({ type: 'pvh', guest: linuxGuest(debian) });
    world.world.act('kexec', 1);
    await world.advance(60_000);
    assert.equal(states(front(vif)), '1 4 5 6 1 4');
    assert.equal(states(back(vif)), '1 2 4 5 6 2 4');
  });

  it('Windows: closes each device before it connects it, and begins anew by itself', async () => {
    const { states, close } = await build({ type: 'hvm', guest: windowsGuest });
    assert.equal(states(front(vif)), '1 5 6 1 4');
    assert.equal(states(back(vif)), '1 2 5 6 2 4');
    assert.equal(states(front(vbd)), '1 5 6 1 3 4');
    await close(vif);
    assert.equal(states(front(vif)), '1 5 6 1 4 6 1 4');
    assert.equal(states(back(vif)), '1 2 5 6 2 4 5 6 2 4');
  });

  it('MirageOS: one pair of rings, one event channel for both, Connected at once', async () => {
    const { states, published } = await build({ disks: [], guest: mirageGuest });
    assert.equal(states(front(vif)), '1 4');
    assert.deepEqual(await published(vif), [
      'event-channel',
      'feature-rx-notify',
      'feature-sg',
      'request-rx-copy',
      'rx-ring-ref',
      'tx-ring-ref',
    ]);
  });

  it('Mini-OS: publishes the least that a backend takes, and its disk is Connected at once as well', async () => {
    const { states, published } = await build({ guest: miniOsGuest, resetsRing: true });
    assert.equal(states(front(vif)), '1 4');
    assert.equal(states(front(vbd)), '1 4');
    assert.equal(states(back(vbd)), '1 2 4');
    assert.deepEqual(await published(vif), [
      'event-channel',
      'request-rx-copy',
      'rx-ring-ref',
      'tx-ring-ref',
    ]);
    assert.deepEqual(await published(vbd), ['event-channel', 'protocol', 'ring-ref']);
  });
});
