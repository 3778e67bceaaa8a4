/** What the ring doctor says of data rings, in the rows of their sockets and of the device. */
import assert from 'node:assert/strict';
import { diagnose } from '../../../server/doctor/doctor';
import { newWordsIntervalMs } from '../../../server/model/pvcalls/ringTrouble';
import { RingWatch } from '../../../server/model/rings/ringWatch';
import { ManualClock } from '../../sim/manualClock';
import { PageObserver } from '../../support/observedPage';
import { SocketPage } from '../../support/socketPage';
import { alone, connect, Rig, socket } from './bookRig';

const lookEveryMs = 100;

describe('what the ring doctor says of data rings', () => {
  let rig: Rig;
  let clock: ManualClock;
  let rings: RingWatch;
  let stop: () => void;

  /** As many connected sockets, numbered from 5 on, each with rings of its own. */
  function open(count: number): readonly SocketPage[] {
    rig = new Rig();
    const pages = Array.from({ length: count }, () => new SocketPage());
    const observed = pages.map((page, at) => {
      const id = 5 + at;
      rig.done(socket(BigInt(id)));
      rig.done(connect(BigInt(id), 77 + at));
      return { ...page.observed, id: `device:3:pvcalls/0/socket-${id}` };
    });
    clock = new ManualClock();
    rings = new RingWatch({ observer: new PageObserver(observed), clock, judge: diagnose });
    const subscription = rings.subscribe(() => undefined, { intervalMs: lookEveryMs });
    stop = () => subscription.stop();
    return pages;
  }
  afterEach(() => stop());

  function look(): void {
    clock.tick(lookEveryMs);
    const nowMs = clock.nowMs();
    const surroundings = { ...alone, seen: (id: string) => rings.seen(id) };
    rig.device.look(surroundings, { nowMs, activeMs: nowMs });
  }

  /** Answers how often more than bytes and levels changed of the first socket; `meanwhile` happens before each look. */
  function wait(ms: number, meanwhile?: () => void): number {
    const shapes = new Set<number>();
    for (let passed = 0; passed < ms; passed += lookEveryMs) {
      meanwhile?.();
      look();
      shapes.add(rig.device.told[0]!.shape);
    }
    return shapes.size;
  }

  const saidOf = (at: number) => {
    const diagnosis = rig.device.told[at]?.row.diagnosis;
    return diagnosis && `${diagnosis.severity} ${diagnosis.rule}: ${diagnosis.text}`;
  };
  const deviceSays = () => rig.device.row.diagnoses.map(({ severity, text }) => `${severity} ${text}`);

  it('stands in the row of the socket, and in that of the device', () => {
    const [page] = open(1);
    wait(1_000);
    assert.deepEqual([saidOf(0), deviceSays()], [undefined, ['fine nothing wrong']]);
    page!.write('in', page!.ringBytes);
    wait(1_000);
    assert.equal(saidOf(0), 'warning full: full, frontend not reading');
    assert.deepEqual(deviceSays(), ['warning socket 5: full, frontend not reading']);
    assert.equal(rig.device.row.diagnoses[0]!.socket, rig.device.told[0]!.row.key);
    assert.deepEqual(rig.device.diagnoses, [], 'Problems has it of the ring already');
    page!.read('in', page!.ringBytes);
    wait(200);
    assert.deepEqual([saidOf(0), deviceSays()], [undefined, ['fine nothing wrong']]);
  });

  for (const [rule, harm] of [
    ['error-ignored', (page: SocketPage) => page.set('out_error', -32)],
    ['index-insane', (page: SocketPage) => page.set('in_cons', 0x8000_0000)],
    ['standstill', (page: SocketPage) => page.read('in', page.ringBytes)],
  ] as const) {
    it(`is told of ${rule}`, () => {
      const [page] = open(1);
      page!.write('in', page!.ringBytes);
      wait(300);
      harm(page!);
      wait(500);
      if (rule === 'error-ignored') page!.write('out', 40);
      wait(6_000);
      assert.equal(rig.device.told[0]!.row.diagnosis?.rule, rule, saidOf(0));
      assert.equal(rig.device.row.diagnoses[0]!.rule, rule);
    });
  }

  it('is of the worst alone at the device, which counts the others', () => {
    const pages = open(40);
    for (const page of pages) page.write('in', page.ringBytes);
    wait(1_000);
    const [{ text, evidence }, ...more] = rig.device.row.diagnoses as readonly [
      (typeof rig.device.row.diagnoses)[0],
    ];
    assert.equal(text, 'socket 5: full, frontend not reading');
    assert.equal(evidence.at(-1), 'The doctor speaks of the data rings of 39 further sockets as well.');
    assert.deepEqual(more, []);
    pages[30]!.set('in_cons', 0x8000_0000);
    wait(500);
    assert.match(deviceSays()[0]!, /^error socket 35: index insane/);
    assert.equal(rig.device.row.diagnoses.length, 1);
  });

  it('leaves a row the same object while it says the same', () => {
    const [page] = open(1);
    page!.write('in', page!.ringBytes);
    // It counts seconds for two minutes, then minutes.
    wait(121_000);
    const [before] = rig.device.told;
    const { row } = rig.device;
    assert.match(before!.row.diagnosis!.evidence.join(), /has not moved for 2 min/);
    wait(30_000);
    assert.equal(rig.device.told[0], before);
    assert.equal(rig.device.row, row);
  });

  it('has new words once a second at most, whatever moves in it', () => {
    const [page] = open(1);
    page!.set('in_cons', 0x8000_0000);
    wait(1_000);
    assert.match(saidOf(0)!, /^error index-insane/);
    const texts = new Set<string>();
    const waitMs = 10_000;
    const shapes = wait(waitMs, () => {
      page!.set('in_cons', page!.word('in_cons') + 16);
      texts.add(saidOf(0)!);
    });
    assert.ok(texts.size > 1, 'it goes on');
    assert.ok(shapes <= waitMs / newWordsIntervalMs + 1, `${shapes} whole rows`);
  });
});
