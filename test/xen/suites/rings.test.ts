/** A real guest's rings, looked at from dom0: what is seen is right, nothing is written, and nothing is held. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ForeignMemory, hvmParams } from '../../../native/foreignMemory';
import { NativeGrants } from '../../../native/grants';
import { openNativeHost } from '../../../native/host';
import type { NativeHost } from '../../../native/host';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import type { NativeObserver } from '../../../native/observer/nativeObserver';
import { mapRing } from '../../../native/observer/ringPages';
import type { RingPlace } from '../../../native/observer/ringPages';
import { quietLogger } from '../../../native/quietLogger';
import { PageSampler } from '../../../server/capture/pageSampler';
import { systemClock, systemRandom } from '../../../server/cli/systemClock';
import type { ObservedPage } from '../../../server/host/observer';
import { PAGE_BYTES } from '../../../server/host/pages';
import { DomainStates } from '../../../server/model/domainStates';
import { openSocketHost } from '../../../server/store/client/socketHost';
import { throwsCode } from '../../support/throwsCode';
import { withoutBuffers } from '../../support/withoutBuffers';
import { daemon, domains, eventually, output, storeSocket } from '../support/dom0';
import { Guest } from '../support/guest';

const libraries = new XenLibraries();
const req_prod = 2052;
const rsp_prod = 2060;
const server_features = 2064;

describe('the rings of a real guest', () => {
  let guest: Guest;
  let host: NativeHost;
  let observer: NativeObserver;

  before(async () => {
    guest = await Guest.shared();
    const store = openSocketHost({ path: storeSocket, clock: systemClock, random: systemRandom });
    host = openNativeHost({ store, libraries, log: (line) => assert.fail(line) });
    observer = host.observer!() as NativeObserver;
  });
  after(async () => {
    await host.close();
    assert.deepEqual(mappings(), []);
  });

  const page = (kind: ObservedPage['kind'], domid = guest.domid) =>
    eventually(() => observer.pages().find(({ id }) => id === `${kind}:${domid}`));
  /** How the pages of others are mapped in this process now. */
  const mappings = () =>
    readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .filter((line) => /\/dev\/xen\/(gntdev|privcmd)|xsd_kva/.test(line))
      .map((line) => line.split(' ')[1]);
  const bytesOf = (one: ObservedPage): Buffer => {
    const bytes = Buffer.alloc(PAGE_BYTES);
    assert.equal(one.copy(bytes), true);
    return bytes;
  };

  it('are found, both of them, beside the one of domain 0', async () => {
    await Promise.all([page('xenstore'), page('console')]);
    assert.deepEqual(
      observer.pages().map(({ id }) => id),
      ['xenstore:0', `xenstore:${guest.domid}`, `console:${guest.domid}`],
    );
  });

  it('show what passes on the ring of domain 0 as well', async () => {
    const sampler = new PageSampler(await page('xenstore', 0));
    sampler.sample(systemClock.nowMs());
    assert.match(sampler.page.found, /through \/proc\/xen\/xsd_kva/);
    const before = sampler.word(req_prod);
    await output('env', 'XENSTORED_PATH=/dev/xen/xenbus', 'xenstore-read', '/local/domain/0/domid');
    assert.equal(sampler.sample(systemClock.nowMs()), 'moved');
    const request = 16 + '/local/domain/0/domid'.length + 1;
    assert.ok((sampler.word(req_prod) - before) >>> 0 >= request);
    await eventually(() => observer.mappedPages === 0);
  });

  it('are mapped through their grants, for reading only, when somebody looks', async () => {
    const store = await page('xenstore');
    assert.match(store.found, /not looked at yet/);
    assert.deepEqual(mappings(), []);
    bytesOf(store);
    assert.match(store.found, /through its grant 1/);
    assert.deepEqual(mappings(), ['r--s']);
    const words = bytesOf(store);
    assert.equal(words.readUInt32LE(server_features), daemon === 'oxenstored' ? 1 : 0);
    await guest.type('echo this is seen');
    assert.ok(bytesOf(await page('console')).includes('this is seen'));
  });

  it('are the same bytes before and after they were looked at', async () => {
    const foreign = new ForeignMemory(libraries);
    for (const kind of ['xenstore', 'console'] as const) {
      const one = await page(kind);
      const other = mapRing({ grants: undefined, foreign }, await placeOf(kind));
      const [before, after] = [Buffer.alloc(PAGE_BYTES), Buffer.alloc(PAGE_BYTES)];
      other.memory.copyOut(0, before);
      for (let look = 0; look < 200; look++) assert.deepEqual(bytesOf(one), before);
      other.memory.copyOut(0, after);
      assert.deepEqual(after, before);
      other.unmap();
    }
    foreign.close();
  });

  it('can be seen by their frames as well, and without a buffer over them', async () => {
    const foreign = new ForeignMemory(libraries, false);
    const grants = new NativeGrants({ libraries, views: false });
    const place = await placeOf('xenstore');
    const ways = [mapRing({ grants: undefined, foreign }, place), mapRing({ grants, foreign }, place)];
    assert.match(ways[0]!.found, /by its frame 0x[0-9a-f]+, of store\/ring-ref/);
    assert.match(ways[1]!.found, /through its grant 1/);
    const expected = bytesOf(await page('xenstore'));
    for (const way of ways) {
      const bytes = Buffer.alloc(PAGE_BYTES);
      way.memory.copyOut(0, bytes);
      assert.deepEqual(bytes, expected);
      throwsCode(() => way.memory.store32(0, 1), 'refused');
      way.unmap();
      throwsCode(() => way.memory.load32(0), 'gone');
    }
    assert.equal(foreign.hvmParam(guest.domid, hvmParams.storeFrame), undefined, 'a PV guest has none');
    throwsCode(() => foreign.map(guest.domid, 2n ** 51n), 'notOurs');
    throwsCode(() => foreign.map(31_000, 1n), 'notOurs');
    const nobody = { kind: 'console', domid: 31_000, frame: undefined } as const;
    throwsCode(() => mapRing({ grants, foreign }, nobody), 'notOurs');
    foreign.close();
    grants.close();
  });

  it('are not held by their frames when they cannot be looked at', async () => {
    const { frame } = await placeOf('xenstore');
    await eventually(() => observer.mappedPages === 0);
    const foreign = new ForeignMemory(libraries, true);
    withoutBuffers(() => throwsCode(() => foreign.map(guest.domid, frame), 'unsupported'));
    assert.deepEqual(mappings(), []);
    foreign.map(guest.domid, frame).unmap();
    foreign.close();
    foreign.close();
    throwsCode(() => foreign.map(guest.domid, frame), 'gone');
    throwsCode(() => foreign.mustMap(), 'gone');
    throwsCode(() => foreign.hvmParam(guest.domid, hvmParams.storeFrame), 'gone');
  });

  it('show exactly the bytes that the guest and the daemon put on them', async () => {
    const sampler = new PageSampler(await page('xenstore'));
    await guest.type('xenstore-write data/colour blue');
    assert.equal(sampler.sample(systemClock.nowMs()), 'moved');
    const before = [sampler.word(req_prod), sampler.word(rsp_prod)] as const;
    const reads = 12;
    await guest.type(`i=0; while [ $i -lt ${reads} ]; do xenstore-read data/colour; i=$((i+1)); done`);
    assert.equal(sampler.sample(systemClock.nowMs()), 'moved');
    // A header of 16 bytes each; data/colour with its NUL, and blue without.
    assert.equal((sampler.word(req_prod) - before[0]) >>> 0, reads * (16 + 12));
    assert.equal((sampler.word(rsp_prod) - before[1]) >>> 0, reads * (16 + 4));
  });

  it('show the words of a vchan that is offered to this domain', async () => {
    const path = '/local/domain/0/data/xenscope/vchan';
    const vchan = libraries.functions('vchan');
    const server = vchan.libxenvchan_server_init(quietLogger(libraries), 0, path, 1024, 2048);
    const vchans = () => observer.pages().filter(({ kind }) => kind === 'vchan');
    const one = await eventually(() => vchans()[0]);
    assert.deepEqual(one.ringBytes, [1024, 2048]);
    assert.equal(one.gref, Number(await output('xenstore-read', `${path}/ring-ref`)));
    const sampler = new PageSampler(one);
    sampler.sample(systemClock.nowMs());
    const text = Buffer.from('twenty bytes of text');
    assert.equal(vchan.libxenvchan_write(server, text, text.length), text.length);
    sampler.sample(systemClock.nowMs());
    assert.equal(sampler.word(12), text.length, 'right_prod');
    await output('xenstore-rm', '/local/domain/0/data/xenscope');
    await eventually(() => vchans().length === 0);
    vchan.libxenvchan_close(server);
  });

  it('are let go when nobody looks, and seen again when somebody does', async () => {
    const store = await page('xenstore');
    bytesOf(store);
    assert.ok(observer.mappedPages > 0);
    await eventually(() => observer.mappedPages === 0);
    assert.deepEqual(mappings(), []);
    assert.equal(bytesOf(store).length, PAGE_BYTES);
  });

  /** Looks as often as a view does, while something ends the guest. */
  async function lookWhile(domid: number, act: () => Promise<unknown>): Promise<void> {
    const looked = await Promise.all([page('xenstore', domid), page('console', domid)]);
    let isDone = false;
    const ended = act().finally(() => (isDone = true));
    for (;;) {
      const seen = looked.map((one) => {
        try {
          return one.copy(Buffer.alloc(PAGE_BYTES));
        } catch {
          // It cannot be mapped any more, and is not known to be gone yet.
          return true;
        }
      });
      if (isDone && seen.every((one) => !one)) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await ended;
    assert.deepEqual(mappings(), []);
  }

  it('are gone with the guest that reboots, and there again under its new number', async () => {
    const old = guest;
    await lookWhile(old.domid, async () => {
      old.typeOnly('reboot -f');
      await old.gone();
    });
    await eventually(async () => (await domains()).some(({ name }) => name === guest.name));
    guest = await Guest.named(old.name);
    assert.notEqual(guest.domid, old.domid);
    const text = await page('console');
    await eventually(() => bytesOf(text).includes(`guest ${guest.domid} is ready`));
  });

  it('are gone with the guest that crashes, which is told as long as its toolstack keeps it', async () => {
    const { domid } = guest;
    await lookWhile(domid, async () => {
      guest.typeOnly('echo c > /proc/sysrq-trigger');
      await eventually(() => host.lifeOf!(domid)?.state === 'shutdown');
      assert.deepEqual(host.lifeOf!(domid), { domid, state: 'shutdown', reason: 'crash', type: 'PV' });
      await guest.destroy();
    });
  });

  it('are gone with the guest that is destroyed, and keep no zombie', async () => {
    // It need not live for that: its pages are there before its first step.
    await output('xl', 'create', '-p', '/machine/guest.cfg', 'name = "stillborn"');
    const domid = Number(await output('xl', 'domid', 'stillborn'));
    const told = () =>
      new DomainStates(systemClock).join([], host.lives!()!).find((one) => one.domid === domid);
    assert.equal(told()?.state, 'paused');
    await lookWhile(domid, () => output('xl', 'destroy', 'stillborn'));
    await eventually(async () => (await domains()).length === 1);
    assert.equal(told(), undefined);
    // The observer hears of it by the store, a moment after Xen knows.
    await eventually(
      () =>
        observer
          .pages()
          .map(({ id }) => id)
          .join() === 'xenstore:0',
    );
  });

  it('of a guest that is destroyed keep a zombie while another program holds them, which is told', async () => {
    await output('xl', 'create', '-p', '/machine/guest.cfg', 'name = "held"');
    const domid = Number(await output('xl', 'domid', 'held'));
    const grants = new NativeGrants({ libraries });
    const held = grants.map(domid, [1], 'read');
    const before = held.memory.load32(req_prod);
    await output('xl', 'destroy', 'held');
    assert.equal(held.memory.load32(req_prod), before, 'its page is there as long as it is mapped');
    // What is mapped can be mapped once more; what is not is lost.
    grants.map(domid, [1], 'read').unmap();
    throwsCode(() => grants.map(domid, [0], 'read'), 'notOurs');
    assert.deepEqual(host.lifeOf!(domid), { domid, state: 'dying', type: 'PV' });
    assert.deepEqual(
      new DomainStates(systemClock).join([], host.lives!()!).find((one) => one.domid === domid),
      { domid, state: 'is being destroyed', type: 'PV', isInStore: false, isGone: true },
    );
    held.unmap();
    await eventually(() => host.lifeOf!(domid) === undefined);
    grants.close();
  });

  async function placeOf(kind: 'xenstore' | 'console') {
    const name = kind === 'xenstore' ? 'store' : 'console';
    const frame = BigInt((await output('xenstore-read', `${guest.path}/${name}/ring-ref`)).trim());
    return { kind, domid: guest.domid, frame } satisfies RingPlace;
  }
});
