import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { RingDirectionState, RingFrame } from '../../server/rpc/api';
import { fullTurn, glide, pictureOf, queuedArc, separated, wraps } from '../../webview/rings/geometry';
import { hexRows, shadesOf } from '../../webview/rings/hexRows';
import { History, historyMs, maxPoints } from '../../webview/rings/history';
import {
  elapsedText,
  isReadable,
  occupancyText,
  percent,
  rateText,
  rawIndices,
  writeRateText,
} from '../../webview/rings/numbers';
import {
  countText,
  directionTitle,
  evidenceOf,
  packetTitles,
  pictureText,
  politeSummary,
  unreadableText,
} from '../../webview/rings/words';

function direction(prod: number, cons: number, over: Partial<RingDirectionState> = {}): RingDirectionState {
  const distance = (prod - cons) >>> 0;
  return {
    name: 'req',
    producer: 'guest',
    consumer: 'xenstored',
    offsetBytes: 0,
    sizeBytes: 1024,
    prod,
    cons,
    usedBytes: distance > 1024 ? 0 : distance,
    insane: distance > 1024,
    unknown: false,
    producedPerSecond: 0,
    consumedPerSecond: 0,
    ...over,
  };
}

const sane = fc
  .record({ cons: fc.integer({ min: 0, max: 0xffff_ffff }), used: fc.integer({ min: 0, max: 1024 }) })
  .map(({ cons, used }) => direction((cons + used) >>> 0, cons));

function frame(...directions: RingDirectionState[]): RingFrame {
  return {
    timeMs: 1_000,
    row: {
      id: 'xenstore:3',
      kind: 'xenstore',
      domid: 3,
      directions,
      verdict: { rule: 'idle', severity: 'fine', text: 'idle', evidence: [] },
    },
    diagnoses: [],
    details: [],
    words: [
      { name: 'req_cons', offsetBytes: 2048, widthBytes: 4, value: 0, meaning: 'How far it was read.' },
    ],
    segments: [],
    found: 'made for a test',
    samples: 1,
    tornSamples: 0,
  };
}

describe('the titles of what is in a ring', () => {
  it('are sentences for the rings of a console as well', () => {
    assert.deepEqual(packetTitles('xenstore', 'req'), ['Queued in req', 'Just read from req']);
    assert.deepEqual(packetTitles('ninep', 'out')[0], 'Queued in the ring “out”');
    assert.deepEqual(packetTitles('console', 'in'), [
      'Queued in the ring “in”',
      'Just read from the ring “in”',
    ]);
  });
});

describe('the picture of a ring', () => {
  it('draws an arc as long as what waits, wherever it begins', () => {
    fc.assert(
      fc.property(sane, (one) => {
        const arc = queuedArc(pictureOf(one));
        const length = arc ? arc.to - arc.from : 0;
        assert.ok(Math.abs(length - (fullTurn * one.usedBytes) / 1024) < 1e-9);
      }),
    );
    assert.equal(queuedArc(pictureOf(direction(5000, 1))), undefined, 'insane indices draw nothing');
  });

  it('knows when what waits runs over the end of the array, also at 2^32', () => {
    assert.ok(!wraps(direction(1024, 0)));
    assert.ok(wraps(direction(1025, 1)));
    assert.ok(wraps(direction(10, 0xffff_fff0)));
    assert.ok(!wraps(direction(0, 0xffff_fff0)));
  });

  it('glides to where the index is, and never past it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.integer({ min: -1024, max: 1024 }),
        (now, off) => {
          let shown = (now - off) >>> 0;
          for (let step = 0; step < 200 && shown !== now; step++) {
            const before = Math.abs((now - shown) | 0);
            shown = glide(shown, now, 1024, 0.35);
            assert.ok(Math.abs((now - shown) | 0) < before);
          }
          assert.equal(shown, now);
        },
      ),
    );
    assert.equal(glide(0, 0, 1024, 0.35), 0);
    assert.equal(glide(7, 70_000, 1024, 0.35), 70_000, 'a jump is no race round the ring');
  });

  it('keeps its two labels apart', () => {
    const angle = fc.double({ min: -7, max: 7, noNaN: true });
    fc.assert(
      fc.property(angle, angle, (one, other) => {
        const [left, right] = separated(one, other, 0.5);
        const between = Math.abs((((right - left) % fullTurn) + fullTurn) % fullTurn);
        assert.ok(Math.min(between, fullTurn - between) > 0.5 - 1e-9);
      }),
    );
  });
});

describe('the words beside the picture', () => {
  it('are human first, and raw for those who ask', () => {
    const one = direction(0x1a4, 0x6c);
    assert.equal(occupancyText(one), '312 of 1,024 bytes, 30 %');
    assert.equal(rawIndices(one), 'req_prod 0x000001a4, req_cons 0x0000006c');
    assert.equal(occupancyText(direction(5001, 1)), 'indices 5,000 bytes apart in a ring of 1,024');
    assert.deepEqual([0, 812, 1_234, 34_000, 5_600_000].map(rateText), [
      '0 B/s',
      '812 B/s',
      '1.2 kB/s',
      '34 kB/s',
      '5.6 MB/s',
    ]);
    assert.deepEqual([0, 12.34, 2_500].map(elapsedText), ['+0 ms', '+12.3 ms', '+2.50 s']);
  });

  it('never say full or empty when it is not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1024 }), (used) => {
        const said = percent(used, 1024);
        assert.equal(said === 0, used === 0);
        assert.equal(said === 100, used === 1024);
      }),
    );
  });

  it('tell everything that the picture shows', () => {
    const text = pictureText(direction(1030, 1000, { producedPerSecond: 1500 }));
    for (const part of [
      'Requests: guest → xenstored',
      '30 of 1,024 bytes',
      'reads next at byte 1,000',
      'writes next at byte 6',
      'runs over the end',
      'guest writes 1.5 kB/s',
    ])
      assert.ok(text.includes(part), `${part} is missing in: ${text}`);
  });

  it('call the ends of a device without an article beside an arrow, and say which way its bytes go', () => {
    const ends = { producer: 'the backend', consumer: 'frontend' };
    assert.equal(
      directionTitle(direction(0, 0, { name: 'in', ...ends })),
      'To the guest (in): backend → frontend',
    );
    const back = { producer: 'frontend', consumer: 'the backend' };
    assert.equal(
      directionTitle(direction(0, 0, { name: 'out', ...back })),
      'From the guest (out): frontend → backend',
    );
  });

  it('tell of a vchan at least how often something was written, and of nothing else', () => {
    const often = (writesPerSecond?: number) =>
      writeRateText({ producedPerSecond: 1_234, ...(writesPerSecond !== undefined && { writesPerSecond }) });
    assert.equal(often(12), '1.2 kB/s in at least 12 writes/s');
    assert.equal(often(1), '1.2 kB/s in at least 1 write/s');
    assert.equal(often(0), '1.2 kB/s');
    assert.equal(often(), '1.2 kB/s');
    const moving = direction(30, 0, { producedPerSecond: 200, writesPerSecond: 1_500 });
    assert.match(pictureText(moving), /writes 200 B\/s in at least 1,500 writes\/s, /);
  });

  it('are spoken only when something worth it changed', () => {
    const of = (used: number) => politeSummary(frame(direction(used, 0)));
    assert.equal(of(300), of(400));
    assert.notEqual(of(300), of(800));
    assert.match(of(1024), /req full/);
    assert.match(politeSummary(frame(direction(5000, 0))), /indices that cannot be/);
  });
});

describe('a ring whose indices are being set anew', () => {
  const unknown = direction(700, 0, { usedBytes: 0, unknown: true });

  it('has no arc and no level, in the picture and in words', () => {
    assert.equal(queuedArc(pictureOf(direction(700, 0, { unknown: true }))), undefined);
    assert.ok(!wraps(direction(1030, 1020, { unknown: true })));
    assert.ok(!isReadable(unknown));
    assert.equal(occupancyText(unknown), 'what waits is unknown until the ring is connected anew');
    const text = pictureText(unknown);
    assert.doesNotMatch(text, /%|of 1,024|reads next/);
    assert.match(text, /what waits is unknown/);
    assert.match(politeSummary(frame(unknown)), /req unknown\.$/);
    assert.match(unreadableText(unknown), /Until the ring is connected anew/);
    assert.match(unreadableText(direction(5000, 0)), /By these indices/);
  });

  it('colours no byte as one that waits', () => {
    const shades = shadesOf(frame(direction(700, 0, { unknown: true })), 2080);
    assert.deepEqual(
      shades.filter((shade) => shade.startsWith('queued')),
      [],
    );
  });
});

describe('what was seen', () => {
  it('names the rule that speaks, and those of the others', () => {
    const { row } = frame(direction(1024, 0));
    const verdict = { rule: 'full', severity: 'error', text: 'full', evidence: ['1,024 bytes.'] } as const;
    const waits = { rule: 'request-waiting', severity: 'warning', text: 'waits', evidence: [] } as const;
    const idle = { rule: 'idle', severity: 'fine', text: 'idle', evidence: [] } as const;
    const diagnoses = [verdict, { ...waits, direction: 'req' as const }, idle];
    assert.deepEqual(evidenceOf({ row: { ...row, verdict }, diagnoses }), [
      '1,024 bytes.',
      'Rule: full.',
      'Also, req: waits (rule: request-waiting).',
    ]);
  });

  it('says since when bytes are counted', () => {
    const detail = {
      queued: [],
      consumed: [],
      producedBytes: 1_200,
      consumedBytes: 0,
      unseenBytes: 0,
      resets: 0,
    };
    assert.equal(
      countText(detail),
      '1,200 bytes written and 0 read since Xenscope began to look; 0 passed between two looks',
    );
    assert.match(countText({ ...detail, resets: 1 }), /^at least 1,200 .* and at least 0 read since/);
  });
});

describe('the hex dump', () => {
  it('colours exactly the bytes that wait, across the wrap', () => {
    const shades = shadesOf(frame(direction(1030, 1020)), 2080);
    const queued = [...shades.keys()].filter((at) => shades[at] === 'queued0');
    assert.deepEqual(queued, [0, 1, 2, 3, 4, 5, 1020, 1021, 1022, 1023]);
    assert.deepEqual(shades.slice(2047, 2053), ['none', 'word', 'word', 'word', 'word', 'none']);
  });

  it('shows each byte once, whatever its colours', () => {
    const page = Uint8Array.from({ length: 2080 }, (_, at) => at & 0xff);
    const rows = hexRows(frame(direction(700, 3)), page);
    const shown = rows.flatMap(({ runs }) => runs.flatMap(({ hex }) => hex.trim().split(' ')));
    assert.deepEqual(
      shown,
      [...page].map((byte) => byte.toString(16).padStart(2, '0')),
    );
    assert.equal(rows.find(({ offset }) => offset === 2048)?.note, 'req_cons');
  });
});

describe('the history of a ring', () => {
  it('holds the last two minutes and no more, however fast frames come', () => {
    const history = new History(1);
    for (let ms = 0; ms < 400_000; ms += 20) history.add(ms, [ms % 100]);
    assert.ok(history.times.length <= maxPoints);
    assert.equal(history.times.length, history.levels[0]!.length);
    const [first] = history.times;
    assert.ok(first! * 1000 >= 400_000 - 20 - historyMs);
  });

  it('keeps the peak of what it joins', () => {
    const history = new History(1);
    history.add(0, [0]);
    for (let ms = 30; ms < 300; ms += 10) history.add(ms, [ms === 150 ? 90 : 5]);
    assert.equal(history.highest(0), 90);
  });

  const strip = (startMs: number, usedBytes: (number | null)[]) => ({
    slotMs: 100,
    startMs,
    directions: [{ name: 'req' as const, usedBytes, producedBytes: [] }],
    marks: [],
  });

  it('begins with what the server saw before', () => {
    const history = new History(1);
    history.add(1_100, [50]);
    history.restore(strip(700, [512, null, 1024, 0]), [1024]);
    assert.deepEqual(history.times, [0.7, 0.9, 1, 1.1]);
    assert.deepEqual(history.levels, [[50, 100, 0, 50]], 'a slot without a sample is no gap');
  });

  it('takes over what passed while the page was hidden', () => {
    const history = new History(1);
    history.add(9_500, [10]);
    history.add(10_000, [20]);
    history.restore(strip(9_900, [256, 512, null, 1024]), [1024]);
    history.add(10_400, [30]);
    assert.deepEqual(history.times, [9.5, 9.9, 10, 10.2, 10.4]);
    assert.deepEqual(history.levels, [[10, 25, 50, 100, 30]]);
  });

  it('draws no line across a time in which nobody looked', () => {
    const history = new History(1);
    history.add(1_000, [10]);
    history.add(4_000, [20]);
    assert.deepEqual(history.levels, [[10, null, 20]]);
    history.restore(strip(5_000, [512, ...Array<null>(20).fill(null), 1024]), [1024]);
    assert.deepEqual(history.levels, [[10, null, 20, 50, null, 100]]);
    history.restore(strip(9_000, [0]), [1024]);
    assert.deepEqual(history.levels, [[10, null, 20, 50, null, 100, null, 0]]);
  });

  it('begins anew when the clock runs back', () => {
    const history = new History(1);
    history.add(5_000, [10]);
    history.add(1_000, [20]);
    assert.deepEqual(history.times, [1]);
  });
});
