/** Whatever lies in a page, and however it changes meanwhile: no end of a ring crashes, hangs or reads what is not its own. */
import assert from 'node:assert/strict';
import { ringDescription, ringSpoken, ringTooltip } from '../../extension/rings/ringTexts';
import { diagnose } from '../../server/doctor/doctor';
import type { Random } from '../../server/host/clock';
import type { SharedMemory } from '../../server/host/memory';
import { PAGE_BYTES } from '../../server/host/pages';
import type { RingRow, RingView } from '../../server/model/rings/ringTypes';
import { RingWatch } from '../../server/model/rings/ringWatch';
import { dialRing } from '../../server/store/client/ringDial';
import { openStoreClient } from '../../server/store/client/storeClient';
import { Xenstored } from '../../server/store/xenstored';
import { XS_RING_BYTES } from '../../server/wire/xsRing';
import { XsType } from '../../server/wire/xsMessage';
import { occupancyText } from '../../webview/rings/numbers';
import { evidenceOf, pictureText, politeSummary } from '../../webview/rings/words';
import { ManualClock as SimClock } from '../sim/manualClock';
import { ManualClock } from '../store/client/support';
import { ObservedRingPage, PageObserver } from '../support/observedPage';
import { rawFrame } from '../support/rawConnection';
import { INDEX_WORDS, ringPage, setWord, wordOf, type RingWord } from '../support/ringPage';
import { GuardedMemory } from './guardedMemory';
import { effort, pick, randomBytes, seed, seededRandom } from './seed';

/** `npm test` looks at 10 000 pages, a soak at a hundred times as many. */
const PAGES = 5000 * effort;
/** So many are looked at by an observer, each four times as another one, with a console and a vchan beside it. */
const LOOKED_AT = 1000 * effort;
/** How often one page changes under the hands of its end. */
const MAX_CHANGES = 40;
/** An end that accesses its page more often than this for one page goes round in a circle. */
const MAX_ACCESSES = 20_000;

const words: readonly RingWord[] = [...INDEX_WORDS, 'server_features', 'connection', 'error'];
const types = Object.values(XsType).filter((type) => typeof type === 'number');

/** A number that is likely to hurt. */
function badNumber(random: Random, near: number): number {
  return (
    pick(random, [
      0,
      1,
      near,
      near + 1,
      near - 1,
      near + XS_RING_BYTES,
      near + XS_RING_BYTES + 1,
      near - XS_RING_BYTES,
      0x7fffffff,
      0x80000000,
      0xffffffff,
      random.below(2 ** 32),
    ]) >>> 0
  );
}

/** Messages, nearly messages, and noise. */
function ringBytes(random: Random): Buffer {
  if (random.below(3) === 0) return randomBytes(random, XS_RING_BYTES);
  if (random.below(6) === 0) return Buffer.alloc(XS_RING_BYTES, random.below(2) === 0 ? 0xff : 0);
  const frames: Buffer[] = [];
  for (let bytes = 0; bytes < XS_RING_BYTES; bytes += frames.at(-1)!.length) {
    const payload = pick(random, [
      '/|',
      'data|t|',
      'data|value',
      '|',
      'T|',
      '',
      '@x|y|',
      `/${'a/'.repeat(40)}b|`,
    ]);
    frames.push(
      rawFrame({
        type: random.below(8) === 0 ? badNumber(random, 10) : pick(random, types),
        reqId: random.below(4),
        txId: random.below(4) === 0 ? random.below(3) : 0,
        payload,
        len: random.below(20) === 0 ? badNumber(random, 4096) : undefined,
      }),
    );
  }
  return Buffer.concat(frames).subarray(0, XS_RING_BYTES);
}

function fill(random: Random, memory: SharedMemory): void {
  memory.copyIn(0, ringBytes(random));
  memory.copyIn(XS_RING_BYTES, ringBytes(random));
  const start = badNumber(random, 0xfffffff0);
  for (const name of INDEX_WORDS) setWord(memory, name, start);
  // Half of the pages have an order in their indices, so that the bytes are looked at.
  if (random.below(2) === 0) {
    setWord(memory, 'req_prod', (start + random.below(XS_RING_BYTES + 1)) >>> 0);
    setWord(memory, 'rsp_prod', (start + random.below(XS_RING_BYTES + 1)) >>> 0);
  } else {
    for (const name of INDEX_WORDS) setWord(memory, name, badNumber(random, start));
  }
}

function change(random: Random, memory: SharedMemory): void {
  const dice = random.below(4);
  if (dice === 0) memory.copyIn(random.below(2 * XS_RING_BYTES - 64), randomBytes(random, 64));
  else if (dice === 1) setWord(memory, 'req_prod', (wordOf(memory, 'req_prod') + random.below(200)) >>> 0);
  else if (dice === 2) setWord(memory, 'rsp_cons', wordOf(memory, 'rsp_prod'));
  else {
    const name = pick(random, words);
    setWord(memory, name, badNumber(random, wordOf(memory, name)));
  }
}

/** The page of one end, as it changes under its hands. */
function hostilePage(random: Random, side: 'guest' | 'server') {
  const page = ringPage();
  let changes = 0;
  let accesses = 0;
  const memory = new GuardedMemory(page.memory, side, () => {
    if (++accesses > MAX_ACCESSES) throw new Error(`more than ${MAX_ACCESSES} accesses`);
    if (changes >= MAX_CHANGES || random.below(4) !== 0) return;
    changes++;
    change(random, page.memory);
  });
  return { ...page, plain: page.memory, memory };
}

/** Lets an end do all it wants to do, across its turns of the event loop. */
async function settled(): Promise<void> {
  for (let wait = 0; wait < 20; wait++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

describe('pages of any content', function () {
  this.timeout(120_000 * effort);

  it('are no danger to the server', async () => {
    const clauses = ['given up', 'reconnected'] as const;
    const seen = { answered: 0, 'given up': 0, reconnected: 0 };
    const log = (line: string) => {
      for (const clause of clauses) if (line.includes(clause)) seen[clause]++;
    };
    for (let n = 0; n < PAGES; n++) {
      const random = seededRandom(seed + n);
      const page = hostilePage(random, 'server');
      const store = new Xenstored({
        clock: new ManualClock(),
        log,
        rings: {
          features: random.below(4),
          attach: () => ({
            memory: page.memory,
            port: page.serverPort,
            rebind: () => page.serverPort,
            detach: () => undefined,
          }),
        },
      });
      const dom0 = openStoreClient({ dial: store.connect({ domid: 0 }), clock: new ManualClock() });
      await dom0.introduce(1, 1, 1);
      for (let round = 0; round < 3; round++) {
        fill(random, page.plain);
        if (random.below(3) === 0) setWord(page.plain, 'connection', badNumber(random, 1));
        const before = page.serverPort.rung;
        page.guestPort.notify();
        await settled();
        if (page.serverPort.rung > before + 1) seen.answered++;
      }
      assert.deepEqual(page.memory.violations, [], `page ${n}, repeat with XENSCOPE_SEED=${seed}`);
      assert.equal(await dom0.isDomainIntroduced(1), true);
      await dom0.close();
      await store.close();
    }
    assert.ok(
      Object.values(seen).every((times) => times > PAGES / 10),
      JSON.stringify(seen),
    );
  });

  it('are no danger to a guest', async () => {
    let ended = 0;
    for (let n = PAGES; n < 2 * PAGES; n++) {
      const random = seededRandom(seed + n);
      const page = hostilePage(random, 'guest');
      setWord(page.plain, 'server_features', random.below(4));
      const clock = new ManualClock();
      const dial = dialRing({ memory: page.memory, port: page.guestPort, clock });
      const client = openStoreClient({ dial, clock });
      client.onStateChange(({ kind }) => (ended += kind === 'away' ? 1 : 0));
      for (let round = 0; round < 3; round++) {
        void client.read('data').catch(() => undefined);
        void client.watch('data').catch(() => undefined);
        if (random.below(4) === 0) void dial.requestReconnect().catch(() => undefined);
        await settled();
        fill(random, page.plain);
        page.serverPort.notify();
        await settled();
        if (random.below(2) === 0) setWord(page.plain, 'connection', 0);
        client.retryNow();
        clock.advance(200);
      }
      await client.close();
      dial.close();
      assert.deepEqual(page.memory.violations, [], `page ${n}, repeat with XENSCOPE_SEED=${seed}`);
    }
    assert.ok(ended > PAGES / 10, 'bad pages break the connection');
  });

  it('are no danger to who only looks, and are told in sentences', async () => {
    const seen = { insane: 0, readable: 0, packets: 0, findings: 0 };
    for (let n = 2 * PAGES; n < 2 * PAGES + LOOKED_AT; n++) {
      const random = seededRandom(seed + n);
      const { memory } = ringPage();
      const clock = new SimClock();
      const others = ['console', 'vchan'] as const;
      const noise = others.map((kind) => new ObservedRingPage({ kind, domid: 2 }));
      const observer = new PageObserver([
        {
          id: 'xenstore:1',
          kind: 'xenstore',
          domid: 1,
          found: 'made by a test',
          copy: (into, offset = 0) => {
            if (random.below(8) === 0) change(random, memory);
            memory.copyOut(offset, into);
            return true;
          },
        },
        ...noise.map((page) => page.observed),
      ]);
      const watch = new RingWatch({ observer, clock, judge: diagnose });
      const rows: RingRow[] = [];
      const subscription = watch.subscribe(({ rings }) => rows.push(...rings), { intervalMs: 100 });
      for (let round = 0; round < 4; round++) {
        if (round !== 2) fill(random, memory);
        if (random.below(3) === 0) {
          for (const name of ['server_features', 'connection', 'error'] as const) {
            setWord(memory, name, badNumber(random, 1));
          }
        }
        for (const page of noise) page.bytes.set(randomBytes(random, PAGE_BYTES));
        clock.tick(pick(random, [100, 700, 4000]));
        for (const id of ['xenstore:1', 'console:2', 'vchan:2']) {
          const view = watch.detail(id);
          assert.ok(view, id);
          const told = toldOf(view);
          assert.doesNotMatch(
            told,
            /undefined|NaN|Infinity|∞|\[object/,
            `page ${n}, repeat with XENSCOPE_SEED=${seed}`,
          );
          count(seen, view);
        }
      }
      assert.ok(rows.length > 0);
      subscription.stop();
      await Promise.resolve();
    }
    assert.ok(
      Object.values(seen).every((times) => times > LOOKED_AT / 10),
      JSON.stringify(seen),
    );
  });
});

/** All that a person is told of a ring, but for what was found in its bytes. */
function toldOf(view: RingView): string {
  const { row, details, words: ofPage, segments, diagnoses } = view;
  const said = [
    politeSummary({ ...view, page: '' }),
    ...evidenceOf(view),
    ringDescription(row),
    ringSpoken(row, 'web'),
    ...ringTooltip(row, 'web').lines,
    ...row.directions.flatMap((direction) => [pictureText(direction), occupancyText(direction)]),
  ];
  // Numbers that are none become null in JSON.
  const facts = JSON.stringify([row, ofPage, segments, diagnoses, details], (name, value: unknown) =>
    name === 'text' ? '' : typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
  return [...said, facts].join('\n');
}

function count(seen: Record<'insane' | 'readable' | 'packets' | 'findings', number>, view: RingView): void {
  for (const { insane, unknown } of view.row.directions) {
    if (insane) seen.insane++;
    else if (!unknown) seen.readable++;
  }
  seen.packets += view.details.filter(({ queued, consumed }) => queued.length + consumed.length > 0).length;
  seen.findings += view.row.verdict.severity === 'error' ? 1 : 0;
}
