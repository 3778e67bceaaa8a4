/** Servers of vchans that begin anew at the same path and are given the same grant, as the observer of a real host sees them. */
import assert from 'node:assert/strict';
import { NativeObserver, retryMs } from '../../native/observer/nativeObserver';
import { minPassIntervalMs } from '../../native/observer/passes';
import { BufferMemory } from '../../server/host/bufferMemory';
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient } from '../../server/host/storeClient';
import { PAGE_BYTES } from '../../server/host/pages';
import { VCHAN_PAGE } from '../../server/wire/vchanPage';
import { VchanLive } from '../../server/wire/vchanRings';
import type { World } from '../../server/sim/world';
import { ManualClock } from '../sim/manualClock';
import { closeWorlds, fewDomains, openWorld } from '../sim/worldKit';

const path = '/local/domain/1/data/server';
const gref = 76;
const { fields } = VCHAN_PAGE;

describe('a vchan whose server begins anew', () => {
  let clock: ManualClock;
  let world: World;
  let store: StoreClient;
  let observer: NativeObserver;
  /** What is lent by that grant, when anything is. */
  let lent: Buffer | undefined;

  beforeEach(async () => {
    clock = new ManualClock();
    world = await openWorld({ domains: fewDomains });
    store = world.openStore();
    lent = undefined;
    observer = new NativeObserver({
      store: world.openStore(),
      clock,
      seesDomain0: false,
      map: (place) => {
        if (place.kind !== 'vchan' || place.gref !== gref || !lent) {
          throw new XenscopeError('notOurs', 'No such grant.');
        }
        const part = { buffer: lent.buffer as ArrayBuffer, offset: lent.byteOffset, bytes: PAGE_BYTES };
        return { memory: new BufferMemory(part, 'read'), found: 'by its grant', unmap: () => undefined };
      },
    });
  });
  afterEach(async () => {
    await observer.close();
    await store.close();
    await closeWorlds();
  });

  /** The server lends its page, and then writes where it is. */
  async function begin(leftOrder: number, rightOrder: number): Promise<void> {
    lent = Buffer.alloc(PAGE_BYTES);
    lent.writeUInt32LE(leftOrder | (rightOrder << 16), fields.left_order.offsetBytes);
    lent[fields.cli_live.offsetBytes] = VchanLive.NEVER;
    lent[fields.srv_live.offsetBytes] = VchanLive.HERE;
    await announce();
  }
  async function announce(): Promise<void> {
    await store.write(`${path}/ring-ref`, String(gref));
    await store.write(`${path}/event-channel`, '9');
  }
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += minPassIntervalMs) {
      clock.tick(minPassIntervalMs);
      await world.settled();
    }
  }
  const found = () => observer.pages().find((page) => page.gref === gref);

  it('is found though the node that a killed one left was of no use', async () => {
    await announce();
    await pass(3 * retryMs);
    assert.equal(found(), undefined);
    await begin(12, 12);
    await pass(3 * retryMs);
    assert.deepEqual(found()?.ringBytes, [4096, 4096]);
  });

  it('is found when its node was written while what stood there before had just been refused', async () => {
    await announce();
    await pass(minPassIntervalMs);
    await begin(12, 12);
    await pass(3 * retryMs);
    assert.deepEqual(found()?.ringBytes, [4096, 4096]);
  });

  it('has rings as long as it says, not as the one before', async () => {
    await begin(12, 12);
    await pass(3 * retryMs);
    const before = found()!;
    assert.deepEqual(before.ringBytes, [4096, 4096]);
    await begin(16, 20);
    await pass(3 * retryMs);
    assert.deepEqual(found()?.ringBytes, [65_536, 1_048_576]);
    assert.equal(before.copy(Buffer.alloc(4)), false, 'the page before is over');
  });
});
