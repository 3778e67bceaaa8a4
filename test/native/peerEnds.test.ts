/** The end of other domains as the store tells it, where the hypervisor tells us nothing. */
import assert from 'node:assert/strict';
import { DomainLives } from '../../native/domainLife';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { NativePeerEnds } from '../../native/peerEnds';
import { XenControl } from '../../native/xenControl';
import type { PeerEnd } from '../../server/host/peerEnds';
import type { StoreClient, StoreWatch, WatchEvent } from '../../server/host/storeClient';
import { demoDomains } from '../../server/sim/demo';
import { ManualClock } from '../sim/manualClock';
import { closeWorlds, openWorld } from '../sim/worldKit';

class WithoutXenctrl extends XenLibraries {
  override state(key: Parameters<XenLibraries['state']>[0]) {
    return key === 'xenctrl' ? ({ kind: 'missing', tried: [] } as const) : super.state(key);
  }
}

describe('the end of a peer, where only the store tells it', () => {
  afterEach(() => closeWorlds());

  /** What is heard of a domain when it is destroyed, and of another one that stays. */
  async function heardOf(libxenstoreIsRefused: boolean): Promise<string[]> {
    const world = await openWorld({ domains: demoDomains });
    const [victim, other] = world.world
      .domains()
      .filter(({ domid, can }) => domid !== undefined && can.includes('destroy'))
      .map(({ domid }) => domid!) as [number, number];
    const store = world.openStore();
    const told: string[] = [];
    let asked = 0;
    const real = store.isDomainIntroduced.bind(store);
    store.isDomainIntroduced = async (domid) => {
      const isIntroduced = await real(domid);
      asked++;
      // As libxenstore answers in a domain that may not ask: it cannot tell EACCES from no.
      return isIntroduced && !libxenstoreIsRefused;
    };
    const control = new XenControl(new WithoutXenctrl({ env: {} }));
    const lives = new DomainLives(control);
    const ends = new NativePeerEnds({ control, lives, store, clock: new ManualClock() });
    ends.follow({ domid: victim }, (end) => told.push(`victim ${end}`));
    ends.follow({ domid: other }, (end) => told.push(`other ${end}`));
    await world.settled();
    world.world.act('destroy', victim);
    // Twice for who is not introduced: domain 0 is asked for as well.
    const enough = libxenstoreIsRefused ? 4 : 3;
    while (asked < enough) {
      // Devices of a domain that is destroyed take their time to close.
      await world.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await world.settled();
    ends.close();
    await store.close();
    return [...new Set(told)];
  }

  it('is heard where the store may be asked, and of that domain alone', async () => {
    assert.deepEqual(await heardOf(false), ['victim domainEnded']);
  });

  it('is not made up where the store says no to everything', async () => {
    assert.deepEqual(await heardOf(true), []);
  });

  it('is refused for what can be no domain, and for what can be no port, when it is asked for', async () => {
    const world = await openWorld({ domains: demoDomains });
    const store = world.openStore();
    const control = new XenControl(new WithoutXenctrl({ env: {} }));
    const lives = new DomainLives(control);
    const ends = new NativePeerEnds({ control, lives, store, clock: new ManualClock() });
    const follow = (domid: unknown, port?: unknown) =>
      ends.follow({ domid, port } as never, () => assert.fail('nothing has ended'));
    for (const domid of [-1, 0x7ff0, 0.5, NaN, '1', null, undefined]) {
      assert.throws(() => follow(domid), { code: 'notOurs', message: /^There is no domain .* to follow\.$/ });
    }
    for (const port of [-1, 0, 2 ** 31, 2 ** 32, 0.5, NaN, '1', null, {}]) {
      const message = /^There is no event channel .* to follow\.$/;
      assert.throws(() => follow(1, port), { code: 'notOurs', message });
    }
    follow(1, 7)();
    ends.close();
    await store.close();
  });
});

/** As many as the steps between an answer of the store and the round that it ends, and more. */
const microtasks = 16;

describe('asking the store whose peers have ended', () => {
  let store: SlowStore;
  let ends: NativePeerEnds;
  let told: string[];
  let logged: string[];

  beforeEach(() => {
    [store, told, logged] = [new SlowStore(), [], []];
    const control = new XenControl(new WithoutXenctrl({ env: {} }));
    ends = new NativePeerEnds({
      control,
      lives: new DomainLives(control),
      store: store as unknown as StoreClient,
      clock: new ManualClock(),
      log: (line) => logged.push(line),
    });
  });
  afterEach(() => ends.close());

  const follow = async (...domids: number[]): Promise<(() => void)[]> => {
    const followed = domids.map((domid) =>
      ends.follow({ domid }, (end: PeerEnd) => told.push(`${domid} ${end}`)),
    );
    await nextTurn();
    return followed;
  };

  it('is one round more, however many domains end while it answers', async () => {
    await follow(1, 2);
    store.tell('change');
    await nextTurn();
    assert.deepEqual(store.waiting, [1]);
    for (let released = 0; released < 10; released++) store.tell('change');
    await store.answerAll();
    assert.deepEqual(store.asked, [1, 2, 1, 2]);
    assert.deepEqual(told, []);
  });

  it('is for nothing when the watch is set, and again after a store was away', async () => {
    await follow(1);
    store.tell('initial');
    await store.answerAll();
    assert.deepEqual(store.asked, []);
    store.tell('resync');
    await store.answerAll();
    assert.deepEqual(store.asked, [1]);
  });

  it('tells of one that ended after it was asked for, and of no other', async () => {
    await follow(1, 2, 3);
    store.tell('change');
    await nextTurn();
    store.answer();
    await nextTurn();
    assert.deepEqual(store.waiting, [2]);
    store.gone.add(1);
    store.tell('change');
    await store.answerAll();
    assert.deepEqual(told, ['1 domainEnded']);
  });

  it('misses none that comes when a round is just over', async () => {
    await follow(1);
    for (let late = 0; late < microtasks; late++) {
      store.tell('change');
      await nextTurn();
      store.answer();
      for (let passed = 0; passed < late; passed++) await Promise.resolve();
      const before = store.asked.length;
      store.tell('change');
      await nextTurn();
      assert.equal(store.asked.length, before + 1, `${late} microtasks after the answer`);
      await store.answerAll();
    }
  });

  it('leaves out who is followed no longer, and stops when it is closed in the middle', async () => {
    const [, unfollow] = await follow(1, 2, 3, 4);
    store.tell('change');
    await nextTurn();
    unfollow!();
    store.answer();
    await nextTurn();
    assert.deepEqual(store.asked, [1, 3]);
    store.gone.add(3).add(4);
    ends.close();
    await store.answerAll();
    // That of domain 0 belongs to the question that was under way.
    assert.deepEqual(store.asked, [1, 3, 0]);
    assert.deepEqual([told, store.isWatched], [[], false]);
    store.tell('change');
    await store.answerAll();
    assert.deepEqual(store.asked, [1, 3, 0]);
  });

  it('goes on with the others where one answer is nonsense, and says so', async () => {
    await follow(1, 2);
    store.gone.add(2);
    store.tell('change');
    await nextTurn();
    store.fail(new Error('A word that is none.'));
    await store.answerAll();
    assert.deepEqual(told, ['2 domainEnded']);
    assert.deepEqual(logged, ['Whether domain 1 has ended is not known: Error: A word that is none.']);
  });
});

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** What is asked here of a store, which answers when it is told to. */
class SlowStore implements Pick<StoreClient, 'state' | 'isDomainIntroduced' | 'watch'> {
  readonly state = { kind: 'connected' } as const;
  /** In order. */
  readonly asked: number[] = [];
  readonly gone = new Set<number>();
  isWatched = false;
  readonly #waiting: { readonly domid: number; resolve(is: boolean): void; reject(error: Error): void }[] =
    [];
  readonly #events: WatchEvent[] = [];
  #wake: () => void = () => undefined;

  get waiting(): number[] {
    return this.#waiting.map(({ domid }) => domid);
  }

  tell(kind: WatchEvent['kind']): void {
    this.#events.push({ path: '@releaseDomain', kind });
    this.#wake();
  }

  isDomainIntroduced(domid: number): Promise<boolean> {
    this.asked.push(domid);
    return new Promise((resolve, reject) => this.#waiting.push({ domid, resolve, reject }));
  }

  watch(path: string): Promise<StoreWatch> {
    this.isWatched = true;
    const close = () => {
      this.isWatched = false;
      this.#wake();
      return Promise.resolve();
    };
    return Promise.resolve({ path, close, [Symbol.asyncIterator]: () => this.#told() });
  }

  /** The oldest question. */
  answer(): void {
    const { domid, resolve } = this.#waiting.shift()!;
    resolve(!this.gone.has(domid));
  }

  fail(error: Error): void {
    this.#waiting.shift()!.reject(error);
  }

  /** All, until nothing more is asked. */
  async answerAll(): Promise<void> {
    await nextTurn();
    for (; this.#waiting.length > 0; await nextTurn()) this.answer();
  }

  async *#told(): AsyncGenerator<WatchEvent> {
    while (this.isWatched) {
      const event = this.#events.shift();
      if (event) yield event;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
