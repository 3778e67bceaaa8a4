/** One seed, one life: everything that happens in a closed world, and all that its journal holds, byte for byte. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { RecorderLimits } from '../../server/capture/flightRecorder';
import { Journal } from '../../server/capture/journal';
import { journalLines } from '../../server/capture/journalFile';
import { recordAdmissions } from '../../server/capture/recordAdmissions';
import { recordHost } from '../../server/capture/recordHost';
import { recordStore } from '../../server/capture/storeRecorder';
import { demoDomains, demoPlan } from '../../server/sim/demo';
import { faultTexts } from '../../server/sim/faults';
import type { Domain } from '../../server/sim/domain';
import { SeededRandom } from '../../server/sim/seededRandom';
import type { OperatorPlan } from '../../server/sim/dom0/operator';
import type { DomainConfig } from '../../server/sim/toolstack/config';
import { createWorld } from '../../server/sim/world';
import { effort } from './seed';
import { fixedStartMs, ManualClock } from '../sim/manualClock';
import { dump, plainGuest } from '../sim/worldKit';

const SEEDS = 1000;
/** Of the whole demo; a soak lives ten times as many. */
const DEMO_SEEDS = 10 * effort;
/** How long a world has been up when it is opened. */
const UP_MS = 90_000;

const small = { maxBytes: 2 ** 18, maxEntries: 2 ** 11 };
const large = { maxBytes: 2 ** 24, maxEntries: 2 ** 17 };

interface Life {
  readonly moves: number;
  readonly entries: number;
  readonly struck: number;
  /** Entries about the rings of vchans and of devices. */
  readonly ofVchans: number;
  readonly ofDevices: number;
  /** Over every move, every line of the journal and, if asked, the store at the end. */
  readonly hash: string;
}

interface LifeOptions {
  readonly seed: number;
  readonly domains: readonly DomainConfig[];
  readonly plan?: OperatorPlan;
  readonly ms: number;
  /** How likely each of the faults strikes, of which the seed turns a third on. */
  readonly faults: number;
  readonly dumps?: boolean;
  /** Of the journal, which must hold all. */
  readonly limits: RecorderLimits;
}

/** Lives with a recorder of its own, which has the world's time, and sees the rings step by step. */
async function lifeOf({
  seed,
  domains,
  plan,
  ms,
  faults,
  dumps = false,
  limits,
}: LifeOptions): Promise<Life> {
  const hash = createHash('sha256');
  const clock = new ManualClock(fixedStartMs - UP_MS);
  const journal = new Journal({ clock, limits });
  let moves = 0;
  const world = await createWorld({
    seed,
    domains,
    ...(plan && { plan }),
    pace: 0,
    clock: new ManualClock(),
    tap: recordStore(journal),
    onMove: ({ number, atMs, kind, domid, text }) => {
      clock.tick(atMs - clock.nowMs());
      moves = number;
      hash.update(`${number} ${atMs} ${kind} ${domid} ${text}\n`);
    },
  });
  try {
    const stops = [recordHost(journal, world.observer(), clock), recordAdmissions(journal, world.world)];
    const random = new SeededRandom(seed);
    for (const name of Object.keys(faultTexts)) world.world.setFault(name, random.chance(1 / 3) ? faults : 0);
    await world.advance(ms);
    for (const stop of stops) stop();
    assert.equal(journal.dropped.entries, 0);
    let faultsSet = 0;
    const rings = { vchan: 0, device: 0 };
    for (const line of journalLines(journal)) {
      hash.update(line);
      const kind = /"source":"(vchan|device):/.exec(line)?.[1] as keyof typeof rings | undefined;
      if (kind) rings[kind]++;
      if (line.includes('"what":"fault"')) faultsSet++;
    }
    assert.equal(faultsSet, Object.keys(faultTexts).length);
    if (dumps) {
      for (const [path, { value, perms }] of await dump(world)) hash.update(`${path} ${value} ${perms}\n`);
    }
    const struck = world.world.faults.reduce((sum, { count }) => sum + count, 0);
    return {
      moves,
      entries: journal.nextN - 1,
      struck,
      ofVchans: rings.vchan,
      ofDevices: rings.device,
      hash: hash.digest('hex'),
    };
  } finally {
    await world.close();
  }
}

/** Begins when the world is up, so that faults have something to strike; mends its ring by itself. */
const restless = plainGuest({
  name: 'restless',
  guest: async (domain: Domain) => {
    await domain.sleep(UP_MS);
    domain.start('mending', async () => {
      for (;;) {
        await domain.sleep(1500, 2500);
        await domain.ring!.reconnect();
      }
    });
    domain.start('listening', () => domain.follow('data', () => Promise.resolve()));
    for (;;) {
      const key = `data/${domain.random.below(4)}`;
      const value = domain.random.hex(domain.random.between(1, 700));
      await Promise.all([domain.store.write(key, value), domain.store.read(key).catch(() => undefined)]);
      await domain.sleep(50, 400);
    }
  },
});

describe('the journal of a closed world', function () {
  this.timeout(1_800_000 * effort);

  it(`is the same byte for byte for the same seed, with faults and without, over ${SEEDS} seeds`, async () => {
    const hashes = new Set<string>();
    let struck = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const faults = seed % 4 === 0 ? 0 : 0.05;
      const options = { seed, domains: [restless], ms: 4000, faults, limits: small };
      const first = await lifeOf(options);
      assert.ok(first.moves > 200 && first.entries > 100, `seed ${seed}: ${JSON.stringify(first)}`);
      assert.deepEqual(await lifeOf(options), first, `seed ${seed} led two different lives`);
      hashes.add(first.hash);
      struck += first.struck;
    }
    assert.equal(hashes.size, SEEDS, 'two seeds led the same life');
    assert.ok(struck > SEEDS, `faults struck ${struck} times`);
  });

  it(`is so with the whole demo as well, devices and vchans included, over ${DEMO_SEEDS} seeds`, async () => {
    for (let seed = 1; seed <= DEMO_SEEDS; seed++) {
      const faults = seed % 2 === 0 ? 0.02 : 0;
      const whole = { domains: demoDomains, plan: demoPlan };
      const options = { seed, ...whole, ms: 60_000, faults, limits: large, dumps: true };
      const first = await lifeOf(options);
      assert.ok(first.moves > 1000, `seed ${seed}: only ${first.moves} things happened`);
      assert.ok(first.ofDevices > 0, `seed ${seed}: nothing of devices`);
      assert.ok(first.ofVchans > 0, `seed ${seed}: nothing of vchans`);
      assert.deepEqual(await lifeOf(options), first, `seed ${seed} led two different lives`);
    }
  });
});
