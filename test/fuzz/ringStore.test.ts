/**
 * A store behind a ring, a client before it, and a scheduler that draws the order of their steps,
 * with reconnects at any moment, and kernels that die in the middle of a request: what was answered
 * holds, what was interrupted may have happened, and nothing that was asked before happens after it.
 */
import assert from 'node:assert/strict';
import type { Random } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { RingSteps } from '../../server/host/steps';
import type { RingDial } from '../../server/store/client/ringDial';
import type { StoreClient } from '../../server/host/storeClient';
import { effort, pick, seed, seededRandom } from './seed';
import { ManualClock } from '../store/client/support';
import { openRig, type Rig } from '../store/ring/rig';
import { setWord, wordOf } from '../support/ringPage';

const LIVES = 60 * effort;
const ACTS = 400;
const KEYS = ['a', 'b', 'c'];
const MAX_TURNS = 100_000;

interface Write {
  readonly value: string;
  outcome: 'under way' | 'done' | 'interrupted' | 'never sent';
}

class StoreLife {
  readonly #random: Random;
  readonly #due: (() => void)[] = [];
  readonly #writes = new Map<string, Write[]>(KEYS.map((key) => [key, []]));
  /** Marks that transactions wrote, and whether they were committed. */
  readonly #marks: Write[] = [];
  /** `path kind` of the watch's events. */
  readonly #events: string[] = [];
  #rig!: Rig;
  #client!: StoreClient;
  #dial!: RingDial;
  #isReconnecting = false;
  /** The kernel dies when it has put the next request into the ring. */
  #mustDie = false;
  #written = 0;
  reconnects = 0;
  crashes = 0;
  interrupted = 0;

  constructor(lifeSeed: number) {
    this.#random = seededRandom(lifeSeed);
  }

  async live(): Promise<void> {
    const before = () => new Promise<'do'>((resolve) => this.#due.push(() => resolve('do')));
    this.#rig = await openRig({
      serverSteps: { before },
      courier: (deliver) => this.#due.push(deliver),
      // Room for the one watch and the few transactions of one connection: what an old one kept would show.
      quotas: { maxWatches: 1, maxTransactions: 8 },
    });
    this.#boot();
    void this.#watch();
    for (let act = 0; act < ACTS; act++) {
      this.#act();
      await settled();
    }
    await this.#rest();
    await this.#check();
    await this.#rig.close();
  }

  /** A kernel takes the ring, and asks for a reconnect first where another one had it. */
  #boot(): void {
    const { client, dial } = this.#rig.guest({ steps: this.#guestSteps(), clock: new ManualClock() });
    this.#client = client;
    this.#dial = dial;
  }

  #guestSteps(): RingSteps {
    let waiting: (() => void) | undefined;
    return {
      before: ({ kind, text }) =>
        new Promise((resolve) => {
          waiting = () => {
            if (this.#mustDie && kind === 'index' && text.startsWith('req_prod')) this.#die();
            else resolve('do');
          };
          this.#due.push(waiting);
        }),
      drop: () => {
        const place = waiting ? this.#due.indexOf(waiting) : -1;
        if (place >= 0) this.#due.splice(place, 1);
      },
    };
  }

  /** With a part of a header in the ring; the next kernel is there at once. */
  #die(): void {
    const { memory } = this.#rig.page;
    setWord(memory, 'req_prod', (wordOf(memory, 'req_prod') + 1 + this.#random.below(15)) >>> 0);
    this.#mustDie = false;
    this.#isReconnecting = false;
    this.crashes++;
    this.#dial.close();
    void this.#client.close();
    this.#boot();
    this.#reconnect();
    void this.#watch();
  }

  #act(): void {
    const dice = this.#random.below(100);
    if (dice < 85) return this.#nextDue();
    if (dice < 95) return this.#write(pick(this.#random, KEYS));
    if (dice < 98) return this.#transact();
    if (this.#random.below(3) === 0) this.#mustDie = true;
    else if (!this.#isReconnecting) this.#reconnect();
  }

  #nextDue(): void {
    if (this.#due.length > 0) this.#due.splice(this.#random.below(this.#due.length), 1)[0]!();
  }

  #write(key: string): void {
    const write: Write = {
      value: `${++this.#written} `.repeat(1 + this.#random.below(200)),
      outcome: 'under way',
    };
    this.#writes.get(key)!.push(write);
    this.#settle(write, this.#client.write(`keys/${key}`, write.value));
  }

  #transact(): void {
    const mark: Write = { value: `m${++this.#written}`, outcome: 'under way' };
    this.#marks.push(mark);
    const transaction = this.#client.transaction(async (inside) => {
      await inside.write(`marks/${mark.value}`, '');
      await inside.read('keys/a').catch((error: unknown) => {
        if (!(error instanceof XenscopeError) || error.code !== 'store') throw error;
      });
    });
    this.#settle(mark, transaction);
  }

  #settle(write: Write, promise: Promise<unknown>): void {
    promise.then(
      () => (write.outcome = 'done'),
      (error: XenscopeError) => {
        // A transaction that lost every try took no effect either.
        const isUnknown = ['interrupted', 'gone', 'closed'].includes(error.code);
        write.outcome = isUnknown ? 'interrupted' : 'never sent';
        assert.ok(['interrupted', 'away', 'store', 'gone', 'closed'].includes(error.code), error.message);
        this.interrupted++;
      },
    );
  }

  #reconnect(): void {
    this.#isReconnecting = true;
    this.reconnects++;
    const dial = this.#dial;
    // With the kernel that asked, its question is gone.
    const done = () => {
      if (dial === this.#dial) this.#isReconnecting = false;
    };
    dial.requestReconnect().then(done, done);
  }

  async #watch(): Promise<void> {
    const watch = await this.#client.watch('keys').catch(() => undefined);
    if (!watch) return;
    for await (const { path, kind } of watch) this.#events.push(`${path} ${kind}`);
  }

  /** Everything that was set off comes to its end. */
  async #rest(): Promise<void> {
    this.#mustDie = false;
    for (let turns = 0; this.#due.length > 0; turns++) {
      assert.ok(turns < MAX_TURNS, 'the ring comes to no rest');
      this.#nextDue();
      await settled();
    }
    assert.ok(!this.#isReconnecting, 'a reconnect came to no end');
    assert.equal(this.#client.state.kind, 'connected');
  }

  async #check(): Promise<void> {
    const { dom0 } = this.#rig;
    const home = '/local/domain/1';
    for (const [key, writes] of this.#writes) {
      assert.ok(
        writes.every(({ outcome }) => outcome !== 'under way'),
        'every request has an outcome',
      );
      const found = await dom0.read(`${home}/keys/${key}`).then(String, () => undefined);
      const lastDone = writes.findLastIndex(({ outcome }) => outcome === 'done');
      const possible = writes
        .filter(({ outcome }, n) => n === lastDone || (n > lastDone && outcome === 'interrupted'))
        .map(({ value }) => value);
      const isAbsent = found === undefined && lastDone < 0;
      assert.ok(isAbsent || possible.includes(found!), `${key} is ${found?.slice(0, 8)}`);
    }
    const marks = new Set(await dom0.directory(`${home}/marks`).catch((): string[] => []));
    for (const { value, outcome } of this.#marks) {
      if (outcome === 'done') assert.ok(marks.has(value), `${value} was committed`);
      if (outcome === 'never sent') assert.ok(!marks.has(value), `${value} was never committed`);
    }
    const resyncs = this.#events.filter((event) => event.endsWith('resync')).length;
    assert.ok(resyncs <= this.reconnects, 'one resync for each reconnect at most');
    // A last change comes to the watch exactly once: no old watch is left in the server.
    const before = this.#events.length;
    await dom0.write(`${home}/keys/last`, '');
    await settled();
    await this.#rest();
    assert.deepEqual(this.#events.slice(before), ['keys/last change']);
  }
}

async function settled(): Promise<void> {
  for (let wait = 0; wait < 30; wait++) await Promise.resolve();
  // The client gathers what is asked in one turn and sends it on a tick.
  await new Promise((resolve) => setImmediate(resolve));
}

describe('a store behind a ring', function () {
  this.timeout(120_000 * effort);

  it('does what it answered, and nothing of before a reconnect or a crash after it', async () => {
    let [reconnects, crashes, interrupted] = [0, 0, 0];
    for (let n = 0; n < LIVES; n++) {
      const life = new StoreLife(seed + n);
      try {
        await life.live();
      } catch (error) {
        throw new Error(`Repeat with XENSCOPE_SEED=${seed + n}`, { cause: error });
      }
      reconnects += life.reconnects;
      crashes += life.crashes;
      interrupted += life.interrupted;
    }
    assert.ok(
      reconnects > LIVES && crashes > LIVES / 2 && interrupted > LIVES,
      `${reconnects} reconnects, ${crashes} crashes, ${interrupted} interrupted`,
    );
  });
});
