/**
 * A store behind a ring, a client before it, and a scheduler that draws the order of their steps,
 * with reconnects at any moment: what was answered holds, what was interrupted may have happened,
 * and nothing that was asked before a reconnect happens after it.
 */
import assert from 'node:assert/strict';
import type { Random } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { RingSteps } from '../../server/host/steps';
import type { StoreClient } from '../../server/host/storeClient';
import { effort, pick, seed, seededRandom } from './seed';
import { ManualClock } from '../store/client/support';
import { openRig, type Rig } from '../store/ring/rig';

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
  #askReconnect!: () => Promise<void>;
  #isReconnecting = false;
  #written = 0;
  reconnects = 0;
  interrupted = 0;

  constructor(lifeSeed: number) {
    this.#random = seededRandom(lifeSeed);
  }

  async live(): Promise<void> {
    const steps: RingSteps = {
      before: () => new Promise((resolve) => this.#due.push(() => resolve('do'))),
    };
    this.#rig = await openRig({
      serverSteps: steps,
      courier: (deliver) => this.#due.push(deliver),
      // Room for the one watch and the few transactions of one connection: what an old one kept would show.
      quotas: { maxWatches: 1, maxTransactions: 8 },
    });
    const { client, dial } = this.#rig.guest({ steps, clock: new ManualClock() });
    this.#client = client;
    this.#askReconnect = () => dial.requestReconnect();
    void this.#watch();
    for (let act = 0; act < ACTS; act++) {
      this.#act();
      await settled();
    }
    await this.#rest();
    await this.#check();
    await this.#rig.close();
  }

  #act(): void {
    const dice = this.#random.below(100);
    if (dice < 85) return this.#nextDue();
    if (dice < 95) return this.#write(pick(this.#random, KEYS));
    if (dice < 98) return this.#transact();
    if (!this.#isReconnecting) this.#reconnect();
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
        write.outcome = error.code === 'interrupted' ? 'interrupted' : 'never sent';
        assert.ok(['interrupted', 'away', 'store'].includes(error.code), error.message);
        this.interrupted++;
      },
    );
  }

  #reconnect(): void {
    this.#isReconnecting = true;
    this.reconnects++;
    void this.#askReconnect().then(() => (this.#isReconnecting = false));
  }

  async #watch(): Promise<void> {
    const watch = await this.#client.watch('keys').catch(() => undefined);
    if (!watch) return;
    for await (const { path, kind } of watch) this.#events.push(`${path} ${kind}`);
  }

  /** Everything that was set off comes to its end. */
  async #rest(): Promise<void> {
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

  it('does what it answered, and nothing of before a reconnect after it', async () => {
    let [reconnects, interrupted] = [0, 0];
    for (let n = 0; n < LIVES; n++) {
      const life = new StoreLife(seed + n);
      try {
        await life.live();
      } catch (error) {
        throw new Error(`Repeat with XENSCOPE_SEED=${seed + n}`, { cause: error });
      }
      reconnects += life.reconnects;
      interrupted += life.interrupted;
    }
    assert.ok(
      reconnects > LIVES && interrupted > LIVES,
      `${reconnects} reconnects, ${interrupted} interrupted`,
    );
  });
});
