/** The parts of the debugger that need no world: messages, listings, addresses, launch configurations. */
import assert from 'node:assert/strict';
import path from 'node:path';
import fc from 'fast-check';
import { DebugConnection } from '../../server/debug/connection';
import { MessageConsole } from '../../server/debug/dap/console';
import { launchArguments } from '../../server/debug/dap/launchArguments';
import { ListingReferences } from '../../server/debug/dap/references';
import { Listing, maxLinesPerPart } from '../../server/debug/listing';
import { addressText, pageAddress, parseAddress, readMemory } from '../../server/debug/memory';
import type { Message } from '../../server/debug/message';
import { messageTrouble } from '../../server/debug/messageTroubles';
import type { ObservedPage, Observer } from '../../server/host/observer';
import { rawFrame } from '../support/rawConnection';
import { ManualClock } from '../sim/manualClock';

function connection(): {
  readonly of: DebugConnection;
  readonly messages: Message[];
  readonly broken: string[];
} {
  const messages: Message[] = [];
  const broken: string[] = [];
  const of = new DebugConnection(
    1,
    { transport: 'ring', domid: 3, privileged: false },
    {
      nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5),
      nextNumber: () => messages.length + 1,
      message: (message) => messages.push(message),
      broken: (_, sentence) => broken.push(sentence),
    },
  );
  return { of, messages, broken };
}

const asked = Buffer.concat([
  rawFrame({ type: 'TRANSACTION_START', payload: '|', reqId: 1 }),
  rawFrame({ type: 'WRITE', payload: 'data/x|a\x01b', reqId: 2, txId: 5 }),
  rawFrame({ type: 'READ', payload: '/no|', reqId: 3 }),
  rawFrame({ type: 'SET_PERMS', payload: '/p|n0|r3|', reqId: 4 }),
]);
const answered = Buffer.concat([
  rawFrame({ type: 'TRANSACTION_START', payload: '5|', reqId: 1 }),
  rawFrame({ type: 'WRITE', payload: 'OK|', reqId: 2, txId: 5 }),
  rawFrame({ type: 'WATCH_EVENT', payload: '/p|token|' }),
  rawFrame({ type: 'ERROR', payload: 'ENOENT|', reqId: 3 }),
  rawFrame({ type: 'SET_PERMS', payload: 'OK|', reqId: 4 }),
]);
const listing = [
  '03:04:05.000  #1  → XS_TRANSACTION_START',
  '03:04:05.000  #2  → XS_WRITE data/x = "a\\x01b"  tx 5',
  '03:04:05.000  #3  → XS_READ /no',
  '03:04:05.000  #4  → XS_SET_PERMS /p = "n0 r3"',
  '03:04:05.000  #5  ← "5" to #1',
  '03:04:05.000  #6  ← OK to #2  tx 5',
  '03:04:05.000  #7  ← XS_WATCH_EVENT /p = "token"',
  '03:04:05.000  #8  ← ENOENT to #3',
  '03:04:05.000  #9  ← OK to #4',
];

describe('a connection that is followed', () => {
  for (const size of [1, 7, 4096]) {
    it(`reads the same in pieces of ${size}`, () => {
      const { of, messages } = connection();
      for (let at = 0; at < asked.length; at += size)
        of.received(asked, at, Math.min(at + size, asked.length));
      assert.equal(of.outstanding, 4);
      for (let at = 0; at < answered.length; at += size)
        of.sent(answered, at, Math.min(at + size, answered.length));
      assert.deepEqual(of.listing.part(1)!.lines, listing);
      assert.equal(of.outstanding, 0);
      assert.deepEqual(
        messages.map(({ place }) => place.line),
        listing.map((_, at) => at + 1),
      );
      assert.equal(messages[8]!.request, messages[3]);
      assert.equal(of.transaction(5)!.start, messages[0]);
      assert.equal(messages[1]!.offset, 17);
    });
  }

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), fc.boolean(), (chunks, areSent) => {
        const { of, messages, broken } = connection();
        for (const chunk of chunks) {
          if (areSent) of.sent(chunk, 0, chunk.length);
          else of.received(chunk, 0, chunk.length);
        }
        for (const message of messages) messageTrouble(of, message);
        assert.ok(broken.length <= 1);
      }),
    );
  });

  it('says once that the protocol was broken', () => {
    const { of, broken } = connection();
    const tooLong = rawFrame({ type: 'READ', payload: '/|', len: 5000 });
    of.received(tooLong, 0, tooLong.length);
    of.received(tooLong, 0, tooLong.length);
    assert.equal(broken.length, 1);
    assert.match(broken[0]!, /5000 bytes/);
  });

  it('finds what is wrong with single messages', () => {
    const { of, messages } = connection();
    const odd = rawFrame({ type: 99, payload: 'x' });
    of.received(odd, 0, odd.length);
    const unasked = rawFrame({ type: 'READ', payload: 'x', reqId: 77 });
    of.sent(unasked, 0, unasked.length);
    const found = messages.map((message) => messageTrouble(of, message)!);
    assert.deepEqual(
      found.map(({ filter, rule }) => `${filter} ${rule}`),
      ['protocol protocol.type', 'protocol protocol.unasked'],
    );
    assert.match(found[0]!.evidence, /^63 00 00 00 /);
  });
});

describe('a listing', () => {
  it('begins another part when one is full, and drops the oldest', () => {
    const parts = new Listing();
    for (let line = 1; line <= 2 * maxLinesPerPart; line++) parts.add(`line ${line}`);
    const first = parts.part(1)!;
    assert.equal(first.lines[41], 'line 42');
    assert.deepEqual(parts.add('next'), { part: 3, line: 1 });
    assert.equal(parts.part(1), undefined);
    assert.equal(parts.part(2)!.lines.length, maxLinesPerPart);
  });

  it('gets another reference only when an editor has a shorter text', () => {
    const { of } = connection();
    const references = new ListingReferences();
    const first = references.sourceFor(of, 'd3 web · store ring', of.listing.add('one'));
    assert.equal(first.name, 'd3-web-store-ring.conv');
    const second = references.sourceFor(of, 'web', of.listing.add('two'));
    assert.equal(second.sourceReference, first.sourceReference);
    assert.equal(references.text(second.sourceReference), 'one\ntwo\n');
    const third = references.sourceFor(of, 'web', of.listing.add('three'));
    assert.notEqual(third.sourceReference, first.sourceReference);
    assert.equal(references.text(third.sourceReference), 'one\ntwo\nthree\n');
    assert.throws(() => references.text(999), /dropped/);
  });
});

describe('addresses', () => {
  const page = (domid: number, kind: ObservedPage['kind']): ObservedPage => ({
    id: `${kind}:${domid}`,
    kind,
    domid,
    found: 'by a test',
    copy: (into, offset = 0) => {
      into.forEach((_, at) => (into[at] = (offset + at + domid) & 0xff));
      return true;
    },
  });
  const observer: Observer = {
    pages: () => [page(3, 'xenstore'), page(3, 'console'), page(0x7fef, 'xenstore')],
    onChange: () => () => undefined,
  };

  it('give each page a place of its own', () => {
    assert.equal(addressText(pageAddress(page(3, 'xenstore'))), '0x0003000100000000');
    assert.equal(addressText(pageAddress(page(0x7fef, 'console'))), '0x7fef000200000000');
    assert.equal(parseAddress('0x0003000100000800'), 0x0003_0001_0000_0800n);
    assert.equal(parseAddress('16'), 16n);
    for (const text of ['', 'page', '0x', '-1', '0x1g', '0x11111111111111111']) {
      assert.equal(parseAddress(text), undefined, text);
    }
  });

  it('read what is there, and say how much is not', () => {
    const start = pageAddress(page(3, 'xenstore'));
    const { bytes, unreadableBytes } = readMemory(observer, start + 4090n, 10);
    assert.deepEqual([...bytes], [0xfd, 0xfe, 0xff, 0, 1, 2]);
    assert.equal(unreadableBytes, 4);
    for (const nowhere of [start - 1n, start + 4096n, 0n]) {
      const read = readMemory(observer, nowhere, 10);
      assert.deepEqual([read.bytes.length, read.unreadableBytes], [0, 10]);
    }
    assert.equal(readMemory(undefined, start, 10).unreadableBytes, 10);
  });

  it('never throw', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(10_000), (address, count) => {
        assert.equal(parseAddress(addressText(address)), address);
        const { bytes, unreadableBytes } = readMemory(observer, address, count);
        assert.equal(bytes.length + unreadableBytes, count);
      }),
    );
  });
});

describe('the console of messages', () => {
  it('tells so many in one go, and counts the rest', () => {
    const clock = new ManualClock();
    const told: string[] = [];
    const console = new MessageConsole(clock, ({ body }) => void told.push(body.output));
    const { of } = connection();
    const references = new ListingReferences();
    const place = () => ({ source: references.sourceFor(of, 'web', { part: 1, line: 1 }), line: 1 });
    for (let line = 1; line <= 60; line++) console.add({ text: `line ${line}`, place });
    assert.deepEqual(told, []);
    clock.tick(1000);
    assert.equal(told.length, 51);
    assert.match(told[50]!, /^… 10 more messages/);
    console.add({ text: 'later', place });
    console.close();
    clock.tick(1000);
    assert.equal(told.length, 51);
  });
});

describe('a launch configuration', () => {
  it('may be empty', () => {
    const ringFeatures = ['reconnection', 'error-word'];
    const flags = { stopOnEntry: false, trace: true };
    const usual = { seed: 1, pace: 1, ringFeatures, faults: {}, ...flags, journal: undefined };
    assert.deepEqual(launchArguments({}), usual);
  });

  it('is taken as it is', () => {
    const journal = path.resolve('life.jsonl');
    const faults = { lostNotify: 0.5 };
    const given = { seed: 9, pace: 0, ringFeatures: [], faults, stopOnEntry: true, trace: false, journal };
    assert.deepEqual(launchArguments({ type: 'xenscope', host: 'simulator', ...given }), given);
  });

  for (const wrong of [
    { seed: 1.5 },
    { seed: '1' },
    { pace: 1001 },
    { pace: NaN },
    { ringFeatures: 'none' },
    { ringFeatures: ['reconnection', 'errors'] },
    { faults: [] },
    { faults: { lostNotify: -1 } },
    { stopOnEntry: 'yes' },
    { trace: 1 },
    { journal: 'life.jsonl' },
    { host: 'real' },
  ]) {
    it(`must not say ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => launchArguments(wrong), /^Error: "\w+(\.\w+)?" must /);
    });
  }
});
