import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Journal } from '../../server/capture/journal';
import { journalLines, readJournalFile } from '../../server/capture/journalFile';
import { recordRings } from '../../server/capture/ringRecorder';
import { PageSampler } from '../../server/capture/pageSampler';
import { recordStore } from '../../server/capture/storeRecorder';
import { ManualClock } from '../sim/manualClock';
import { ObservedRingPage } from '../support/observedPage';
import { rawFrame } from '../support/rawConnection';

const limits = { maxBytes: 1_000, maxEntries: 20 };

function rig() {
  const clock = new ManualClock();
  return { clock, journal: new Journal({ clock, limits }) };
}

const message = (length: number, fill: number) => new Uint8Array(length).fill(fill);

describe('Journal', () => {
  it('numbers entries from 1 and tells them as they were', () => {
    const { clock, journal } = rig();
    const source = journal.source(3);
    clock.tick(10);
    const first = journal.addMessage(source, 'connection', 'request', false, message(40, 7), 10, 30);
    const page = journal.source(4, 'xenstore:4');
    const second = journal.add(page, { kind: 'state', layer: 'ring', word: 'error', before: 0, after: 2 });
    assert.deepEqual([first, second, journal.nextN], [1, 2, 3]);
    const timeMs = clock.nowMs();
    assert.deepEqual(
      [...journal.entries()],
      [
        {
          n: 1,
          timeMs,
          domid: 3,
          source: 'connection 1',
          kind: 'message',
          layer: 'connection',
          role: 'request',
          bytes: message(20, 7),
          isDoubtful: false,
        },
        {
          n: 2,
          timeMs,
          domid: 4,
          source: 'xenstore:4',
          kind: 'state',
          layer: 'ring',
          word: 'error',
          before: 0,
          after: 2,
        },
      ],
    );
  });

  it('keeps the names of pages that are there, however many come and go beside them', () => {
    const { journal } = rig();
    const word = { kind: 'state', layer: 'ring', word: 'error', before: 0, after: 2 } as const;
    const stays = journal.source(0, 'xenstore:0');
    for (let gref = 0; gref < 10_000; gref++) journal.end(journal.source(9, `vchan:9:${gref}`));
    const late = journal.source(9, 'vchan:9:late');
    journal.end(late);
    const names = [stays, late].map((source) => journal.entry(journal.add(source, word))!.source);
    assert.deepEqual(names, ['xenstore:0', 'vchan:9:late']);
  });

  it('keeps the last entries within its limits, whole, and says what it dropped', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 80 }), (lengths) => {
        const { journal } = rig();
        const source = journal.source(1);
        lengths.forEach((length, at) => {
          if (length % 5 === 0) journal.add(source, { kind: 'gone', layer: 'ring', text: `${at}` });
          else journal.addMessage(source, 'ring', 'reply', true, message(length, at), 0, length);
        });
        const kept = [...journal.entries()];
        assert.equal(journal.nextN - 1, lengths.length);
        assert.equal(journal.dropped.entries + kept.length, lengths.length);
        let bytes = 0;
        let totalBytes = 0;
        lengths.forEach((length) => (totalBytes += length % 5 === 0 ? 0 : length));
        for (const entry of kept) {
          const length = lengths[entry.n - 1]!;
          if (entry.kind === 'message') {
            assert.deepEqual(entry.bytes, message(length, entry.n - 1));
            bytes += length;
          } else assert.deepEqual([entry.kind, length % 5], ['gone', 0]);
        }
        assert.ok(kept.length <= limits.maxEntries && bytes <= limits.maxBytes);
        assert.equal(journal.dropped.bytes, totalBytes - bytes);
        assert.ok(kept.length > 0 || lengths.length === 0);
      }),
    );
  });

  it('knows nothing of what was dropped or has not happened', () => {
    const { journal } = rig();
    const source = journal.source(1);
    for (let at = 0; at < 30; at++) journal.add(source, { kind: 'gone', layer: 'ring' });
    assert.equal(journal.firstN, 11);
    assert.equal(journal.entry(10), undefined);
    assert.equal(journal.entry(11)!.n, 11);
    assert.equal(journal.entry(31), undefined);
    assert.equal(journal.entry(Number.NaN), undefined);
  });
});

describe('a recorded store', () => {
  it('tells each request, reply and event of each connection', () => {
    const { clock } = rig();
    const journal = new Journal({ clock });
    const beginMs = clock.nowMs();
    const tap = recordStore(journal).opened({ transport: 'socket', domid: 0, privileged: true })!;
    const send = (bytes: Buffer, size: number, to: 'received' | 'sent') => {
      for (let at = 0; at < bytes.length; at += size) tap[to](bytes, at, Math.min(at + size, bytes.length));
    };
    const asked = [
      rawFrame({ type: 'READ', reqId: 1, payload: '/a|' }),
      rawFrame({ type: 'READ', reqId: 1, payload: '/b|' }),
    ];
    send(Buffer.concat(asked), 7, 'received');
    clock.tick(5);
    const event = rawFrame({ type: 'WATCH_EVENT', payload: '/a|t|' });
    const answers = [
      rawFrame({ type: 'READ', reqId: 1, payload: '1' }),
      rawFrame({ type: 'ERROR', reqId: 1, payload: 'ENOENT|' }),
    ];
    send(Buffer.concat([answers[0]!, event, answers[1]!]), 1_000, 'sent');
    tap.closed('it hung up');

    const told = [...journal.entries()].map((entry) => [
      entry.kind,
      entry.kind === 'message' ? entry.role : '',
      entry.timeMs - beginMs,
    ]);
    assert.deepEqual(told, [
      ['opened', '', 0],
      ['message', 'request', 0],
      ['message', 'request', 0],
      ['message', 'reply', 5],
      ['message', 'event', 5],
      ['message', 'reply', 5],
      ['closed', '', 5],
    ]);
    const bytes = [...journal.entries()].flatMap((entry) => (entry.kind === 'message' ? [entry.bytes] : []));
    assert.deepEqual(
      bytes.map((octets) => Buffer.from(octets)),
      [...asked, answers[0], event, answers[1]],
    );
  });

  it('forgets half a message when a ring begins anew', () => {
    const { journal } = rig();
    const tap = recordStore(journal).opened({ transport: 'ring', domid: 3, privileged: false })!;
    const request = rawFrame({ type: 'READ', reqId: 1, payload: '/a|' });
    tap.received(request, 0, 10);
    tap.restarted();
    tap.received(request, 0, request.length);
    const kinds = [...journal.entries()].map((entry) => entry.kind);
    assert.deepEqual(kinds, ['opened', 'lost', 'restarted', 'message']);
  });
});

describe('recorded rings', () => {
  it('tell movements, messages, state words, resets, insane indices, notifications, and the end', () => {
    const { clock } = rig();
    const journal = new Journal({ clock });
    const page = new ObservedRingPage({ domid: 3 });
    page.inside = { pendingToServer: false, pendingToGuest: false, toldServer: 0, toldGuest: 0 };
    const sampler = new PageSampler(page.observed);
    const recorder = recordRings(journal);
    const sample = () => {
      clock.tick(100);
      recorder.sampled(sampler, sampler.sample(clock.nowMs()), clock.nowMs());
    };
    let from = journal.nextN;
    const told = () => {
      const entries = [...journal.entries(from)];
      from = journal.nextN;
      return entries.map((entry) => {
        if (entry.kind === 'message') return `${entry.role}${entry.isDoubtful ? '?' : ''}`;
        if (entry.kind === 'state') return `${entry.word} ${entry.before} to ${entry.after}`;
        if (entry.kind === 'movement')
          return `${entry.direction} +${entry.producedBytes} -${entry.consumedBytes}`;
        if (entry.kind === 'notify') return `notify ${entry.to} ${entry.times}`;
        return entry.kind;
      });
    };
    sample();
    assert.deepEqual(told(), [
      'appeared',
      'server_features undefined to 0',
      'connection undefined to 0',
      'error undefined to 0',
      'evtchn_port undefined to 0',
    ]);
    const request = rawFrame({ type: 'READ', reqId: 1, payload: '/a|' });
    const reply = rawFrame({ type: 'READ', reqId: 1, payload: 'x' });
    page.produce('req', request);
    page.inside = { pendingToServer: false, pendingToGuest: false, toldServer: 2, toldGuest: 0 };
    sample();
    assert.deepEqual(told(), ['notify server 2', 'req +19 -0', 'request']);
    page.consume('req');
    page.pass('rsp', reply);
    sample();
    assert.deepEqual(told(), ['req +0 -19', 'rsp +17 -17', 'reply']);
    sample();
    assert.deepEqual(told(), []);
    page.setPair('req', 9_000, 19);
    sample();
    page.setPair('req', 9_001, 19);
    sample();
    assert.deepEqual(told(), ['insane']);
    page.setPair('req', 0, 0);
    page.setWord('error', 2);
    sample();
    assert.deepEqual(told(), ['error 0 to 2', 'reset']);
    page.isGone = true;
    sample();
    sample();
    assert.deepEqual(told(), ['gone']);
  });
});

describe('a journal as a file', () => {
  it('comes back as it was written', () => {
    const { clock, journal } = rig();
    const source = journal.source(1);
    const page = journal.source(2, 'xenstore:2');
    journal.addMessage(source, 'connection', 'event', true, message(99, 200), 0, 99);
    journal.add(page, {
      kind: 'movement',
      layer: 'ring',
      direction: 'req',
      prod: 4_294_967_295,
      cons: 5,
      producedBytes: 1,
      consumedBytes: 2,
      unseenBytes: 3,
    });
    journal.add(page, { kind: 'lost', layer: 'ring', role: 'reply', lostBytes: 4, reason: 'gap' });
    journal.add(page, { kind: 'reset', layer: 'ring', direction: 'rsp', prod: 0, cons: 0 });
    journal.add(page, { kind: 'insane', layer: 'ring', direction: 'out', prod: 1, cons: 2 });
    journal.add(page, { kind: 'state', layer: 'ring', word: 'error', after: 2 });
    journal.add(page, { kind: 'notify', layer: 'ring', to: 'guest', times: 1 });
    clock.tick(3);
    journal.add(source, { kind: 'closed', layer: 'connection', text: 'gone "for good"\n' });
    const text = [...journalLines(journal)].join('');
    assert.equal(text.split('\n').length, 10);
    const written = [...journal.entries()].map((entry) => JSON.parse(JSON.stringify(entry)) as unknown);
    const file = readJournalFile(text);
    assert.deepEqual(
      file.entries.map((entry) => JSON.parse(JSON.stringify(entry)) as unknown),
      written,
    );
    assert.deepEqual([file.droppedEntries, file.damage], [0, undefined]);
    const first = file.entries[0]!;
    assert.ok(first.kind === 'message' && Buffer.from(first.bytes).equals(Buffer.alloc(99, 200)));
  });

  it('is read in its first version too, which had no admissions', () => {
    const head = '{"format":"xenscope-journal","version":1,"droppedEntries":3}\n';
    const line = '{"n":4,"timeMs":5,"domid":1,"source":"xenstore:1","kind":"gone","layer":"ring"}\n';
    const { entries, droppedEntries, damage } = readJournalFile(head + line);
    assert.deepEqual([entries[0]!.kind, droppedEntries, damage], ['gone', 3, undefined]);
  });

  it('says what was dropped before it', () => {
    const { journal } = rig();
    const source = journal.source(1);
    for (let at = 0; at < 25; at++) journal.add(source, { kind: 'gone', layer: 'ring' });
    const file = readJournalFile([...journalLines(journal)].join(''));
    assert.deepEqual([file.droppedEntries, file.entries.length, file.entries[0]!.n], [5, 20, 6]);
  });

  for (const [what, head, sentence] of [
    [
      'another version',
      { format: 'xenscope-journal', version: 4 },
      /has version 4; only the versions 1, 2, 3 can be read/,
    ],
    ['no version', { format: 'xenscope-journal' }, /a version that is no number/],
    ['another format', { format: 'pcap', version: 1 }, /no journal/],
  ] as const) {
    it(`is refused with a sentence when it has ${what}`, () => {
      assert.throws(() => readJournalFile(`${JSON.stringify(head)}\n`), sentence);
    });
  }

  it('is read up to where it is damaged', () => {
    const { journal } = rig();
    const source = journal.source(1);
    for (let at = 0; at < 4; at++) journal.add(source, { kind: 'gone', layer: 'ring' });
    const lines = [...journalLines(journal)];
    const cut = readJournalFile(lines.join('').slice(0, -10));
    assert.deepEqual([cut.entries.length, cut.damage!.line], [3, 5]);
    const again = readJournalFile([...lines, lines[1]!].join(''));
    assert.match(again.damage!.reason, /number does not follow/);
    const strange = readJournalFile(lines[0]! + lines[1]!.replace('"gone"', '"toString"'));
    assert.match(strange.damage!.reason, /kind that is not known/);
    const long = readJournalFile(`${lines[0]!}${'x'.repeat(20_000)}\n`);
    assert.match(long.damage!.reason, /longer than/);
  });

  it('throws nothing but sentences, whatever the text', () => {
    const head = `${JSON.stringify({ format: 'xenscope-journal', version: 1 })}\n`;
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        assert.equal(readJournalFile(head + text).entries.length, 0);
      }),
    );
    assert.throws(() => readJournalFile(''), /no journal/);
  });
});
