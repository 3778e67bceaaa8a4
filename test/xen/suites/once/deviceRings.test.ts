/** The ring of a real disk: a guest's blkfront, and blkback in dom0, looked at from there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { openNativeHost } from '../../../../native/host';
import type { NativeHost } from '../../../../native/host';
import { XenLibraries } from '../../../../native/libraries/xenLibraries';
import type { NativeObserver } from '../../../../native/observer/nativeObserver';
import { PageSampler } from '../../../../server/capture/pageSampler';
import { systemClock, systemRandom } from '../../../../server/cli/systemClock';
import { diagnose } from '../../../../server/doctor/doctor';
import type { ObservedPage } from '../../../../server/host/observer';
import { RingWatch } from '../../../../server/model/rings/ringWatch';
import { openSocketHost } from '../../../../server/store/client/socketHost';
import { domains, eventually, output, storeSocket } from '../../support/dom0';
import { Guest } from '../../support/guest';
import { diskSettings, guestDisk } from '../../support/guestDisk';

describe('the ring of a real disk', () => {
  let guest: Guest;
  let host: NativeHost;
  let observer: NativeObserver;

  before(async () => {
    guest = await Guest.create('reader', { settings: diskSettings });
    const store = openSocketHost({ path: storeSocket, clock: systemClock, random: systemRandom });
    host = openNativeHost({ store, libraries: new XenLibraries(), log: (line) => assert.fail(line) });
    observer = host.observer!() as NativeObserver;
  });
  after(async () => {
    await host.close();
    assert.deepEqual(mappings(), []);
    // The next suites count who is there.
    await guest.destroy();
  });

  const ringId = () => `device:${guest.domid}:vbd/51712`;
  const ring = () => eventually(() => observer.pages().find(({ id }) => id === ringId()));
  const mappings = () =>
    readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .filter((line) => /\/dev\/xen\/gntdev/.test(line))
      .map((line) => line.split(' ')[1]);
  /** Reads what no cache holds. */
  const readInGuest = (skip: number, count: number) =>
    guest.type(
      `echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/xvda of=/dev/null bs=4096 skip=${skip} count=${count} 2>/dev/null`,
    );

  it('is found by its nodes, and mapped for reading when somebody looks', async () => {
    const page = await ring();
    assert.equal(page.device!.backendDomid, 0);
    const ref = await output('xenstore-read', `${guest.path}/device/vbd/51712/ring-ref`);
    assert.deepEqual(page.device!.grefs, [Number(ref)]);
    const port = await output('xenstore-read', `${guest.path}/device/vbd/51712/event-channel`);
    assert.equal(page.device!.port, Number(port));
    assert.ok(page.copy(Buffer.alloc(16)));
    assert.deepEqual(mappings(), ['r--s']);
  });

  it('shows what the guest asked for and what the backend answered', async () => {
    const sampler = new PageSampler(await ring());
    sampler.sample(systemClock.nowMs());
    const { slots } = sampler;
    assert.equal(slots!.layout.slots, 32);
    await eventually(() => {
      sampler.sample(systemClock.nowMs());
      return slots!.inFlight === 0;
    });
    const [before, answered] = [slots!.totalRequests, slots!.totalResponses];
    await readInGuest(1_000, 64);
    await eventually(() => {
      sampler.sample(systemClock.nowMs());
      return slots!.totalRequests > before && slots!.inFlight === 0;
    });
    assert.equal(slots!.totalRequests - before, slots!.totalResponses - answered);
    assert.equal(slots!.resets, 0);
    assert.ok(!slots!.isInsane);
  });

  it('shows the sectors that were read, and that all went well', async () => {
    await ring();
    const watch = new RingWatch({ observer, clock: systemClock, judge: diagnose });
    const subscription = watch.subscribe(() => undefined, { intervalMs: 20 });
    const view = () => watch.detail(ringId());
    // Far from everything that the guest had to read before.
    const skip = 30_000;
    await readInGuest(skip, 8);
    const settled = await eventually(() => {
      const seen = view();
      return seen?.row.verdict.rule === 'idle' && seen.slotsDetail!.answered.length > 0 && seen;
    });
    const bytes = Buffer.alloc(4096);
    assert.ok((await ring()).copy(bytes));
    const field = (at: number, name: string) =>
      settled.slotsDetail!.answered[at]!.values.find((one) => one.name === name);
    for (let at = 0; at < settled.slotsDetail!.answered.length; at++) {
      assert.deepEqual([field(at, 'operation')?.says, field(at, 'status')?.says], ['read', 'done']);
    }
    // A response is shorter than the request that it was written over: the sector number still stands.
    const sectors = settled.slotsDetail!.answered.map(({ slot }) =>
      Number(bytes.readBigUInt64LE(64 + slot * 112 + 16)),
    );
    const first = skip * 8;
    assert.ok(
      sectors.some((sector) => sector >= first && sector < first + 64),
      `none of the sectors ${sectors.join()} is one of ${first} to ${first + 63}`,
    );
    assert.equal(settled.row.device!.title, 'vbd 51712');
    assert.ok(settled.row.slots!.isBackendIdle, 'blkback asks to be told of the next request');
    subscription.stop();
    await eventually(() => observer.mappedPages === 0);
  });

  it('is the same bytes before and after it was looked at', async () => {
    const page = await ring();
    const [before, after] = [Buffer.alloc(4096), Buffer.alloc(4096)];
    page.copy(before);
    const sampler = new PageSampler(page);
    for (let look = 0; look < 200; look++) sampler.sample(systemClock.nowMs());
    page.copy(after);
    assert.deepEqual(after, before);
  });

  /** Looks as often as a view does, while something takes the ring away. */
  async function lookWhile(page: ObservedPage, act: () => Promise<unknown>): Promise<void> {
    let isDone = false;
    const ended = act().finally(() => (isDone = true));
    for (;;) {
      let isThere = true;
      try {
        isThere = page.copy(Buffer.alloc(4096));
      } catch {
        // An end moves, or it cannot be mapped any more and is not known to be gone yet.
      }
      if (isDone && !isThere) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await ended;
  }

  it('is let go when the disk is taken away from the guest, which gets its page back', async () => {
    const page = await ring();
    await lookWhile(page, () => output('xl', 'block-detach', guest.name, 'xvda'));
    assert.deepEqual(mappings(), []);
    assert.ok(observer.pages().every(({ kind }) => kind !== 'device'));
    // The kernel says so when a page cannot be taken back because somebody still maps it.
    assert.doesNotMatch(await guest.type('dmesg'), /g\.e\. .*still in use|deferring g\.e\./);
  });

  it('is gone with the guest that is destroyed, and keeps no zombie', async () => {
    await output('xl', 'block-attach', guest.name, guestDisk());
    const page = await ring();
    await lookWhile(page, () => guest.destroy());
    assert.deepEqual(mappings(), []);
    await eventually(async () => !(await domains()).some(({ domid }) => domid === guest.domid));
  });
});
