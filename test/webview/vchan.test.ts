import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { VchanState } from '../../server/rpc/api';
import { History, type Input, maxTypedBytes, parseHex, parseInput } from '../../webview/console/input';
import { Log, dumpLines, maxLogBytes, maxLogEntries } from '../../webview/console/log';
import { Rates } from '../../webview/console/rates';
import { rateLine, timeText } from '../../webview/console/words';
import { aboutText, countLine, levelText, wayName } from '../../webview/vchan/words';

const bytesOf = (input: Input) => (input.problem === undefined ? [...input.bytes] : input.problem);

describe('what is typed for a vchan', () => {
  it('is read back as the bytes that it was written from, however they are parted', () => {
    const parts = fc.constantFrom('', ' ', '\n', ', ', ':', '-', '\t');
    const bytes = fc.uint8Array({ maxLength: 64 });
    fc.assert(
      fc.property(bytes, parts, fc.boolean(), (list, part, isUpper) => {
        const pairs = Array.from(list, (byte) => byte.toString(16).padStart(2, '0')).join(part);
        assert.deepEqual(bytesOf(parseHex(isUpper ? pairs.toUpperCase() : pairs)), [...list]);
      }),
    );
    assert.deepEqual(bytesOf(parseHex('0x48,0X69')), [0x48, 0x69]);
  });

  it('is refused with one sentence that names what is wrong', () => {
    assert.match(String(bytesOf(parseHex('48 6g'))), /^“g” in “6g” is no hexadecimal digit: [^.]*\.?$/);
    assert.match(String(bytesOf(parseHex('48 6'))), /^“6” has an odd number of digits: /);
    assert.match(String(bytesOf(parseHex('0x'))), /^“0x” has no digits: /);
    assert.ok(String(bytesOf(parseHex('z'.repeat(500)))).length < 200);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => assert.ok(parseHex(text))));
  });

  it('is UTF-8 as a text, with the end that was chosen', () => {
    assert.deepEqual(bytesOf(parseInput('ü', 'text', 'none')), [0xc3, 0xbc]);
    assert.deepEqual(bytesOf(parseInput('a', 'text', 'crlf')), [97, 13, 10]);
    assert.deepEqual(bytesOf(parseInput('a\nb\r\n', 'text', 'crlf')), [97, 13, 10, 98, 13, 10, 13, 10]);
    assert.deepEqual(bytesOf(parseInput('a', 'text', 'nul')), [97, 0]);
    assert.deepEqual(bytesOf(parseInput('0a', 'hex', 'lf')), [10]);
  });

  it('is no file', () => {
    assert.match(String(bytesOf(parseInput('x'.repeat(maxTypedBytes + 1), 'text', 'none'))), /as a file/);
  });

  it('can be had again', () => {
    const history = new History();
    assert.equal(history.move(-1), undefined);
    for (const text of ['one', 'two', 'two']) history.add(text);
    assert.equal(history.move(-1), 'two');
    assert.equal(history.move(-1), 'one');
    assert.equal(history.move(-1), undefined);
    assert.equal(history.move(1), 'two');
    assert.equal(history.move(1), '');
    assert.equal(history.move(1), undefined);
    for (let at = 0; at < 2 * History.maxTexts; at++) history.add(String(at));
    let kept = 0;
    while (history.move(-1) !== undefined) kept++;
    assert.equal(kept, History.maxTexts);
  });
});

describe('the log of a vchan', () => {
  it('keeps the last of what passed, and counts the rest', () => {
    const pieces = fc.array(fc.integer({ min: 0, max: 2 * maxLogBytes }), { maxLength: 30 });
    fc.assert(
      fc.property(pieces, (lengths) => {
        const log = new Log();
        let shown = 0;
        for (const length of lengths) {
          const { gone } = log.add('received', new Uint8Array(length), 0);
          shown += 1 - gone;
        }
        assert.equal(log.entries.length, shown);
        const kept = log.entries.reduce(
          (sum, entry) => sum + (entry.kind === 'note' ? 0 : entry.bytes.length),
          0,
        );
        assert.ok(kept <= maxLogBytes);
        assert.equal(
          kept + log.droppedBytes,
          lengths.reduce((sum, length) => sum + length, 0),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('is bounded in its notes as well', () => {
    const log = new Log();
    for (let at = 0; at < 2 * maxLogEntries; at++) log.note('again', at);
    assert.equal(log.entries.length, maxLogEntries);
  });

  it('shows hexadecimal and text side by side', () => {
    const bytes = new TextEncoder().encode('0123456789abcdef\n!');
    assert.deepEqual(dumpLines({ bytes, cutBytes: 0 }), [
      '0000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef',
      '0010  0a 21                                            ·!',
    ]);
    assert.match(dumpLines({ bytes: bytes.subarray(0, 1), cutBytes: 32 })[0]!, /^0020 {2}30 /);
  });
});

describe('the rates of a vchan', () => {
  it('are of the last two seconds, and fall to nothing', () => {
    const rates = new Rates();
    assert.deepEqual(rates.now(0), { bytesPerSecond: 0, messagesPerSecond: 0 });
    for (let at = 0; at <= 40; at++) rates.add({ bytes: at * 100, messages: at }, at * 100);
    const { bytesPerSecond, messagesPerSecond } = rates.now(4_000);
    assert.equal(Math.round(bytesPerSecond), 1_000);
    assert.equal(Math.round(messagesPerSecond), 10);
    assert.equal(rates.now(7_000).bytesPerSecond, 0);
  });

  it('begin anew with another count', () => {
    const rates = new Rates();
    rates.add({ bytes: 5_000, messages: 5 }, 0);
    rates.add({ bytes: 0, messages: 0 }, 100);
    assert.equal(rates.now(200).bytesPerSecond, 0);
  });
});

describe('the words of a vchan', () => {
  const state: VchanState = {
    phase: 'open',
    text: 'Open.',
    severity: 'fine',
    reads: true,
    sent: { bytes: 1, messages: 1 },
    received: { bytes: 2_000, messages: 3 },
    droppedBytes: 500,
  };

  it('say how much passed, and what was left out', () => {
    assert.equal(countLine(state, 'sent'), '1 byte in 1 write');
    assert.equal(countLine(state, 'received'), '2,000 bytes in 3 reads; 500 bytes left out');
    assert.equal(rateLine({ bytesPerSecond: 1_234, messagesPerSecond: 1 }, 'write'), '1.2 kB/s in 1 write/s');
  });

  it('say how full a ring is, or that nobody can', () => {
    assert.equal(levelText({ name: 'left', sizeBytes: 1_024, usedBytes: 512 }), '512 of 1,024 bytes, 50 %');
    assert.match(levelText({ name: 'left', sizeBytes: 1_024 }), /cannot be/);
  });

  it('say of one that is watched who writes to whom, and how much of it nobody saw', () => {
    const ends = { own: 'database (4)', peer: 'web (3)' };
    assert.equal(wayName('sent', { ...ends, isWatched: true }), 'database (4) → web (3)');
    assert.equal(wayName('received', { ...ends, isWatched: true }), 'web (3) → database (4)');
    assert.equal(wayName('received', { ...ends, isWatched: false }), 'From web (3)');
    assert.match(
      aboutText({ role: 'watch', ...ends, hostLabel: 'Simulator' }),
      /^database \(4\), the client, and web \(3\), the server, on Simulator; read only$/,
    );
    const watched = (unseenBytes: number) =>
      countLine({ ...state, sent: { bytes: 100, messages: 2, unseenBytes } }, 'sent');
    assert.equal(watched(0), '100 bytes in at least 2 writes; all seen');
    assert.equal(watched(1), '100 bytes in at least 2 writes; 1 byte unseen');
  });

  it('tell the time to the millisecond', () => {
    assert.match(timeText(1_700_000_000_007), /^\d\d:\d\d:\d\d\.007$/);
  });
});
