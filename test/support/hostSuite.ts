/**
 * What every host must do with shared pages and doorbells, in the words of server/host. It runs over
 * each implementation alike; how they may differ is declared in HostAbilities, and nothing else does.
 * The store of a host is judged by test/interop/clientSuite.ts: it needs no second domain, and runs over
 * more ways than there are hosts.
 */
import assert from 'node:assert/strict';
import { XenscopeError } from '../../server/host/errors';
import type { XenscopeErrorCode } from '../../server/host/errors';
import type { EventChannels, EventPort } from '../../server/host/events';
import type { Grants } from '../../server/host/grants';
import { PAGE_BYTES } from '../../server/host/pages';

/** One program in one domain. */
export interface HostSide {
  readonly domid: number;
  readonly grants: Grants;
  readonly events: EventChannels;
  /** The program ends without having tidied up. */
  end(): void;
}

/**
 * `orderly`: its programs end first, and their notifications are done. `sudden`: its kernel stopped with it,
 * so nothing is cleared and nobody is signalled.
 */
export type DomainEnd = 'orderly' | 'sudden';

export interface HostUnderTest {
  /** Two programs in two domains that know nothing of each other yet. */
  readonly ours: HostSide;
  readonly theirs: HostSide;
  /** A third domain, which is nobody's business. */
  readonly stranger: HostSide;
  /** Ends the whole domain of a side. Called only in the ways that the host declares. */
  endDomain(side: HostSide, way: DomainEnd): void | Promise<void>;
  /** Resolves when every ring that has set out has arrived. */
  settled(): Promise<void>;
  close(): void | Promise<void>;
}

export function throwsCode(act: () => unknown, code: XenscopeErrorCode): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof XenscopeError, `not a XenscopeError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /^[A-Z/].*\.$/);
    return true;
  });
}

/** Counts what a port is told. Whoever hears and does not unmask stays masked. */
function listen(port: EventPort, { unmasks }: { readonly unmasks: boolean }): { events: number } {
  const heard = { events: 0 };
  port.onEvent = () => {
    heard.events++;
    if (unmasks) port.unmask();
  };
  return heard;
}

/** The list of all that may differ between hosts. */
export interface HostAbilities {
  /** How whole domains may be ended here. */
  readonly domainEnds: readonly DomainEnd[];
  /** Whether a third domain can be played; otherwise all three sides are programs of one. */
  readonly hasStranger: boolean;
  /**
   * Whether pages of a dead domain that are mapped can be mapped once more: so Xen does it, as long as a
   * mapping keeps the domain as a zombie.
   */
  readonly mapsZombies: boolean;
  /**
   * Whether ending a share that is in use is refused. Otherwise it is taken, and the kernel takes the
   * pages back with the last mapping: so Linux does it.
   */
  readonly knowsUse: boolean;
  /** Whether a byte can be changed in one piece; a runtime without buffers over memory needs libatomic. */
  readonly changesBits: boolean;
}

export function describeHost(
  name: string,
  { domainEnds, hasStranger, mapsZombies, knowsUse, changesBits }: HostAbilities,
  open: (dies: 'ours' | 'theirs' | undefined) => HostUnderTest | Promise<HostUnderTest>,
): void {
  describe(`a host: ${name}`, () => {
    let host: HostUnderTest;
    /** Whose domain the test will end, so that a side plays it that may. */
    let dies: 'ours' | 'theirs' | undefined;
    beforeEach(async () => (host = await open(dies)));
    afterEach(() => host.close());

    const share = (pages = 1, writable = true) =>
      host.ours.grants.share(host.theirs.domid, pages, { writable });
    const map = (grefs: readonly number[], access: 'read' | 'write' = 'write') =>
      host.theirs.grants.map(host.ours.domid, grefs, access);

    function canBeMapped(grefs: readonly number[]): boolean {
      try {
        map(grefs, 'read').unmap();
        return true;
      } catch {
        return false;
      }
    }

    /** Two ends of one doorbell, with the event that Xen makes up at binding already taken. */
    async function doorbell(): Promise<{ near: EventPort; far: EventPort }> {
      const near = host.ours.events.bindUnbound(host.theirs.domid);
      const far = host.theirs.events.bindInterdomain(host.ours.domid, near.port);
      far.onEvent = () => far.unmask();
      near.onEvent = () => near.unmask();
      await host.settled();
      return { near, far };
    }

    describe('pages', () => {
      it('come empty, with one reference for each, none of them reserved', () => {
        const { grefs, memory } = share(3);
        assert.equal(new Set(grefs).size, 3);
        assert.ok(grefs.every((gref) => gref >= 8));
        assert.equal(memory.bytes, 3 * PAGE_BYTES);
        const bytes = new Uint8Array(memory.bytes).fill(1);
        memory.copyOut(0, bytes);
        assert.ok(bytes.every((byte) => byte === 0));
      });

      it('show each side what the other wrote, words and bytes alike', () => {
        const ours = share();
        const theirs = map(ours.grefs);
        ours.memory.store32(2052, 0xfffffff0);
        assert.equal(theirs.memory.load32(2052), 0xfffffff0);
        assert.equal(theirs.memory.load8(2055), 0xff, 'little-endian');
        theirs.memory.copyIn(10, Buffer.from('hello'));
        const read = Buffer.alloc(5);
        ours.memory.copyOut(10, read);
        assert.equal(read.toString(), 'hello');
        if (!changesBits) return throwsCode(() => ours.memory.or8(100, 1), 'unsupported');
        theirs.memory.store8(100, 0b1100);
        assert.equal(ours.memory.and8(100, 0b0110), 0b1100, 'what was there before');
        assert.equal(theirs.memory.or8(100, 0b0001), 0b0100);
        assert.equal(ours.memory.load8(100), 0b0101);
      });

      it('can be mapped in any order, from several shares, as one memory', () => {
        const first = share(2);
        const second = share(1);
        first.memory.store32(PAGE_BYTES, 11);
        second.memory.store32(0, 22);
        const { memory } = map([second.grefs[0]!, first.grefs[1]!]);
        assert.equal(memory.bytes, 2 * PAGE_BYTES);
        assert.equal(memory.load32(0), 22);
        assert.equal(memory.load32(PAGE_BYTES), 11);
        memory.copyIn(PAGE_BYTES - 2, Buffer.from([1, 2, 3, 4]));
        assert.equal(second.memory.load8(PAGE_BYTES - 1), 2);
        assert.equal(first.memory.load8(PAGE_BYTES + 1), 4);
        const across = Buffer.alloc(4);
        memory.copyOut(PAGE_BYTES - 2, across);
        assert.deepEqual([...across], [1, 2, 3, 4]);
      });

      it('refuse what lies outside them, and words at odd places', () => {
        const { memory, grefs } = share();
        for (const { memory: each } of [{ memory }, map(grefs)]) {
          for (const offset of [-1, PAGE_BYTES, 0.5, NaN]) {
            assert.throws(() => each.load8(offset), RangeError);
            assert.throws(() => each.store8(offset, 0), RangeError);
          }
          assert.throws(() => each.load32(2), RangeError);
          assert.throws(() => each.load32(PAGE_BYTES - 3), RangeError);
          assert.throws(() => each.copyOut(PAGE_BYTES - 1, new Uint8Array(2)), RangeError);
          assert.throws(() => each.copyIn(PAGE_BYTES - 1, new Uint8Array(2)), RangeError);
        }
      });
    });

    describe('permissions', () => {
      it('of a reader let nothing be written', () => {
        const ours = share(1, false);
        ours.memory.store32(0, 7);
        const { memory } = map(ours.grefs, 'read');
        assert.equal(memory.load32(0), 7);
        throwsCode(() => memory.store32(0, 1), 'refused');
        throwsCode(() => memory.store8(0, 1), 'refused');
        throwsCode(() => memory.and8(0, 1), 'refused');
        throwsCode(() => memory.or8(0, 1), 'refused');
        throwsCode(() => memory.copyIn(0, new Uint8Array(1)), 'refused');
        assert.equal(ours.memory.load32(0), 7);
      });

      it('refuse writing to a page that is lent for reading', () => {
        const { grefs } = share(1, false);
        throwsCode(() => map(grefs, 'write'), 'notOurs');
      });

      it('refuse a stranger, and a reference that never was', () => {
        const { grefs } = share();
        if (hasStranger) {
          throwsCode(() => host.stranger.grants.map(host.ours.domid, grefs, 'read'), 'notOurs');
        }
        throwsCode(() => map([grefs[0]! + 1000], 'read'), 'notOurs');
        throwsCode(() => map([NaN], 'read'), 'notOurs');
      });

      it('refuse all when one reference of several is wrong, and keep none busy', () => {
        const ours = share();
        throwsCode(() => map([ours.grefs[0]!, 123_456], 'read'), 'notOurs');
        ours.end();
      });
    });

    describe('taking back', () => {
      it('is refused while the pages are mapped, and done afterwards', () => {
        const ours = share(2);
        const theirs = map([ours.grefs[1]!]);
        if (knowsUse) throwsCode(() => ours.end(), 'busy');
        ours.memory.store32(PAGE_BYTES, 5);
        assert.equal(theirs.memory.load32(0), 5, 'a refusal changes nothing');
        theirs.unmap();
        ours.end();
        throwsCode(() => map(ours.grefs), 'notOurs');
      });

      it('counts every mapping of a page', () => {
        const ours = share();
        const [first, second] = [map(ours.grefs), map(ours.grefs, 'read')];
        first.unmap();
        if (knowsUse) throwsCode(() => ours.end(), 'busy');
        assert.equal(second.memory.load32(0), 0);
        second.unmap();
        ours.end();
      });

      if (!knowsUse)
        it('leaves the pages to those who still map them, and to nobody else afterwards', async () => {
          const ours = share();
          ours.memory.store32(0, 9);
          const theirs = map(ours.grefs);
          ours.end();
          throwsCode(() => ours.memory.load32(0), 'gone');
          assert.equal(theirs.memory.load32(0), 9);
          theirs.unmap();
          // The kernel looks after such pages from time to time.
          while (canBeMapped(ours.grefs)) await new Promise((resolve) => setTimeout(resolve, 20));
          throwsCode(() => map(ours.grefs), 'notOurs');
        });

      it('can be left to the last mapping: the pages stay for whoever has them, and are given to nobody', () => {
        const ours = share();
        ours.memory.store32(0, 8);
        const theirs = map(ours.grefs);
        ours.endWhenUnused();
        ours.endWhenUnused();
        throwsCode(() => ours.memory.load32(0), 'gone');
        assert.equal(theirs.memory.load32(0), 8);
        if (knowsUse) throwsCode(() => map(ours.grefs), 'notOurs');
        theirs.unmap();
        const unused = share();
        unused.endWhenUnused();
        throwsCode(() => unused.memory.load32(0), 'gone');
      });

      it('leaves memory that says why it is dead', () => {
        const ours = share();
        const theirs = map(ours.grefs);
        assert.equal(theirs.memory.dead, undefined);
        theirs.unmap();
        assert.match(theirs.memory.dead!, /unmapped/);
        throwsCode(() => theirs.memory.load32(0), 'gone');
        assert.equal(ours.memory.dead, undefined);
        ours.end();
        assert.match(ours.memory.dead!, /ended/);
        throwsCode(() => ours.memory.copyOut(0, new Uint8Array(1)), 'gone');
      });

      it('is harmless the second time', () => {
        const ours = share();
        const theirs = map(ours.grefs);
        theirs.unmap();
        theirs.unmap();
        ours.end();
        ours.end();
        assert.equal(share().memory.load32(0), 0);
      });
    });

    describe('unmap-notify', () => {
      async function notified() {
        const { near, far } = await doorbell();
        const heard = listen(near, { unmasks: true });
        const ours = share();
        ours.memory.store8(9, 1);
        const options = { onUnmap: { clearByteOffset: 9, signalPort: far.port } };
        const theirs = host.theirs.grants.map(host.ours.domid, ours.grefs, 'write', options);
        await host.settled();
        assert.equal(ours.memory.load8(9), 1);
        return { heard, ours, theirs };
      }

      it('clears the byte and rings when the memory is unmapped', async () => {
        const { heard, ours, theirs } = await notified();
        theirs.unmap();
        await host.settled();
        assert.equal(ours.memory.load8(9), 0);
        assert.equal(heard.events, 1);
      });

      it('does so when the program that maps it ends', async () => {
        const { heard, ours } = await notified();
        host.theirs.end();
        await host.settled();
        assert.equal(ours.memory.load8(9), 0);
        assert.equal(heard.events, 1);
        ours.end();
      });

      it('works for the one who shares as well', async () => {
        const { near, far } = await doorbell();
        const heard = listen(far, { unmasks: true });
        const ours = host.ours.grants.share(host.theirs.domid, 1, {
          writable: true,
          onUnmap: { clearByteOffset: 4, signalPort: near.port },
        });
        ours.memory.store8(4, 1);
        const theirs = map(ours.grefs, 'read');
        host.ours.end();
        await host.settled();
        assert.equal(theirs.memory.load8(4), 0, 'the pages live on while they are mapped');
        assert.equal(heard.events, 1);
        if (knowsUse) throwsCode(() => map(ours.grefs, 'read'), 'notOurs');
      });

      it('is refused where it could not be done', () => {
        const { grefs } = share();
        const asking = (clearByteOffset: number | undefined, signalPort: number | undefined) => () =>
          host.theirs.grants.map(host.ours.domid, grefs, 'read', {
            onUnmap: { clearByteOffset, signalPort },
          });
        throwsCode(asking(0, undefined), 'input');
        throwsCode(asking(undefined, 99), 'notOurs');
        assert.throws(asking(PAGE_BYTES, undefined), RangeError);
      });
    });

    describe('doorbells', () => {
      it('are heard at the other end only, both ways', async () => {
        const { near, far } = await doorbell();
        const heard = { near: listen(near, { unmasks: true }), far: listen(far, { unmasks: true }) };
        near.notify();
        await host.settled();
        assert.deepEqual([heard.near.events, heard.far.events], [0, 1]);
        far.notify();
        await host.settled();
        assert.deepEqual([heard.near.events, heard.far.events], [1, 1]);
      });

      it('are one event when they ring often before anybody looks', async () => {
        const { near, far } = await doorbell();
        const heard = listen(far, { unmasks: false });
        for (let ring = 0; ring < 5; ring++) near.notify();
        await host.settled();
        assert.equal(heard.events, 1);
      });

      it('ring once more after unmask if anybody rang meanwhile', async () => {
        const { near, far } = await doorbell();
        const heard = listen(far, { unmasks: false });
        near.notify();
        await host.settled();
        for (let ring = 0; ring < 5; ring++) near.notify();
        await host.settled();
        assert.equal(heard.events, 1, 'masked since it was told');
        far.unmask();
        await host.settled();
        assert.equal(heard.events, 2);
        far.unmask();
        await host.settled();
        assert.equal(heard.events, 2, 'nobody rang any more');
      });

      it('wait for a listener', async () => {
        const { near, far } = await doorbell();
        far.onEvent = undefined;
        near.notify();
        await host.settled();
        const heard = listen(far, { unmasks: true });
        await host.settled();
        assert.equal(heard.events, 1);
      });

      it('lose nothing between looking and unmasking', async () => {
        const { near, far } = await doorbell();
        let work = 0;
        let seen = 0;
        far.onEvent = () => {
          seen = work;
          far.unmask();
        };
        for (let round = 0; round < 200; round++) {
          work++;
          near.notify();
          if (round % 3 === 0) await Promise.resolve();
        }
        await host.settled();
        assert.equal(seen, work);
      });

      it('are for the domain that they were opened for', () => {
        const near = host.ours.events.bindUnbound(host.theirs.domid);
        if (hasStranger) {
          throwsCode(() => host.stranger.events.bindInterdomain(host.ours.domid, near.port), 'notOurs');
        }
        throwsCode(() => host.theirs.events.bindInterdomain(host.ours.domid, near.port + 50), 'notOurs');
        host.theirs.events.bindInterdomain(host.ours.domid, near.port);
        throwsCode(() => host.theirs.events.bindInterdomain(host.ours.domid, near.port), 'notOurs');
      });

      it('do nothing when nobody is at the other end, or no longer', async () => {
        const lonely = host.ours.events.bindUnbound(host.theirs.domid);
        lonely.notify();
        const { near, far } = await doorbell();
        const heard = listen(near, { unmasks: true });
        far.close();
        far.close();
        near.notify();
        far.notify();
        far.unmask();
        await host.settled();
        assert.equal(heard.events, 0);
      });

      it('can be bound again after the other end was closed', async () => {
        const { near, far } = await doorbell();
        far.close();
        const again = host.theirs.events.bindInterdomain(host.ours.domid, near.port);
        const heard = listen(again, { unmasks: true });
        await host.settled();
        const before = heard.events;
        near.notify();
        await host.settled();
        assert.equal(heard.events, before + 1);
      });

      it('tell a newcomer once, because it may have missed a ring', async () => {
        const near = host.ours.events.bindUnbound(host.theirs.domid);
        near.notify();
        const far = host.theirs.events.bindInterdomain(host.ours.domid, near.port);
        const heard = listen(far, { unmasks: true });
        await host.settled();
        assert.equal(heard.events, 1);
      });
    });

    for (const way of domainEnds) {
      describe(`the end of a domain that maps pages, ${way}`, () => {
        before(() => (dies = 'theirs'));
        after(() => (dies = undefined));

        it('ends its mappings and doorbells, with their notifications if it still can', async () => {
          const { near, far } = await doorbell();
          const heard = listen(near, { unmasks: true });
          const ours = share();
          ours.memory.store8(3, 1);
          const theirs = host.theirs.grants.map(host.ours.domid, ours.grefs, 'write', {
            onUnmap: { clearByteOffset: 3, signalPort: far.port },
          });
          await host.endDomain(host.theirs, way);
          await host.settled();
          assert.equal(ours.memory.load8(3), way === 'orderly' ? 0 : 1);
          assert.equal(heard.events, way === 'orderly' ? 1 : 0);
          throwsCode(() => theirs.memory.load8(3), 'gone');
          near.notify();
          await host.settled();
          assert.equal(heard.events, way === 'orderly' ? 1 : 0, 'nobody is there who would answer');
          // Nobody in it goes on.
          throwsCode(() => map(ours.grefs), 'gone');
          throwsCode(() => host.theirs.events.bindUnbound(host.ours.domid), 'gone');
          throwsCode(() => host.theirs.grants.share(host.ours.domid, 1, { writable: true }), 'gone');
          ours.end();
        });
      });

      describe(`the end of a domain that shares pages, ${way}`, () => {
        before(() => (dies = 'ours'));
        after(() => (dies = undefined));

        it('leaves them to those who map them', async () => {
          const { near, far } = await doorbell();
          const heard = listen(far, { unmasks: true });
          const [ours, unused] = [share(), share()];
          ours.memory.store32(0, 77);
          const theirs = map(ours.grefs);
          await host.endDomain(host.ours, way);
          throwsCode(() => ours.memory.load32(0), 'gone');
          assert.equal(theirs.memory.load32(0), 77);
          throwsCode(() => map(unused.grefs), 'notOurs');
          if (mapsZombies) map(ours.grefs).unmap();
          else throwsCode(() => map(ours.grefs), 'notOurs');
          far.notify();
          await host.settled();
          assert.equal(heard.events, 0);
          throwsCode(() => host.theirs.events.bindInterdomain(host.ours.domid, near.port), 'notOurs');
          theirs.unmap();
          throwsCode(() => map(ours.grefs), 'notOurs');
        });
      });
    }
  });
}
