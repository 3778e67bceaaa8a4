/** What the panel of a PV Calls device says, without a browser. */
import assert from 'node:assert/strict';
import { errnoSentence } from '../../server/rpc/api';
import { matches } from '../../webview/pvcalls/filter';
import { hexLines } from '../../webview/pvcalls/hexLines';
import { Known, maxCalls } from '../../webview/pvcalls/known';
import { compareAddresses, compareIds, nextSorting, sorted } from '../../webview/pvcalls/sorting';
import {
  answerHover,
  answerText,
  countsText,
  endSentence,
  fillHover,
  idText,
  keptText,
  inFlightText,
  latencyText,
  outstandingText,
  passedText,
  spokenText,
  troubleSentences,
  troubleText,
  unseenText,
  whyNoSockets,
} from '../../webview/pvcalls/words';
import { call, deviceRow, deviceState, direction, frame, orderly, refused, socket } from './pvcallsRows';

const response = { index: 3, fields: [], raw: '00'.repeat(64) };

describe('the panel of a PV Calls device', () => {
  it('puts sockets together from what is new of them', () => {
    const known = new Known();
    const open = socket('a', { state: 'connected', in: direction(), out: direction() });
    known.take(frame({ whole: true, sockets: [open, socket('b')] }));
    known.take(
      frame({
        moved: [
          { key: 'a', in: { usedBytes: 12, bytes: 40, perSecond: 7 } },
          { key: 'nobody', in: { usedBytes: 1, bytes: 1, perSecond: 1 } },
          { key: 'b', in: { usedBytes: 1, bytes: 1, perSecond: 1 } },
        ],
      }),
    );
    assert.deepEqual(known.socket('a')?.in, direction({ usedBytes: 12, bytes: 40, perSecond: 7 }));
    assert.deepEqual(known.socket('a')?.out, direction(), 'the other direction stays as it was');
    assert.equal(known.socket('b')?.in, undefined, 'what has no data rings gets none');
    known.take(frame({ gone: ['a'], sockets: [socket('c')] }));
    assert.deepEqual(
      known.sockets.map(({ key }) => key),
      ['b', 'c'],
    );
    known.take(frame({ whole: true, sockets: [socket('d')] }));
    assert.deepEqual(
      known.sockets.map(({ key }) => key),
      ['d'],
    );
  });

  it('keeps the newest calls, and says how many it does not have', () => {
    const known = new Known();
    const calls = Array.from({ length: maxCalls + 5 }, (_, at) => call(at + 1));
    known.take(frame({ whole: true, calls: calls.slice(0, 10) }));
    assert.equal(known.callsLeftOut, 0);
    known.take(frame({ calls: calls.slice(10) }));
    assert.equal(known.calls.length, maxCalls);
    assert.deepEqual([known.calls[0]?.n, known.calls.at(-1)?.n], [maxCalls + 5, 6]);
    assert.equal(known.callsLeftOut, 5);
    known.take(frame({ state: deviceState({ inFlight: [call(2, { cmd: 'ACCEPT' })] }) }));
    assert.equal(known.callsLeftOut, 4, 'one of them still waits');
    known.take(frame({ whole: true, state: deviceState({ callsLeftOut: 40 }) }));
    assert.equal(known.callsLeftOut, 40);
  });

  it('names errors, and says what they mean', () => {
    assert.equal(errnoSentence(refused), 'ECONNREFUSED (−111): nobody listens there.');
    assert.equal(errnoSentence({ ret: -4242 }), 'Error −4242.');
    assert.equal(errnoSentence({ ret: 1 }), 'Error 1.', 'no error is answered so');
    assert.match(endSentence('in', orderly), /ended in order \(ENOTCONN, −107\)/);
    assert.match(endSentence('out', orderly), /^out has ended: ENOTCONN/);
  });

  it('says what is wrong with a socket, shortly in the table and whole in the hover', () => {
    const failed = socket('5', {
      state: 'failed',
      failure: { cmd: 'CONNECT', error: refused, timeMs: 9_000 },
    });
    assert.equal(troubleText(failed), 'ECONNREFUSED at CONNECT');
    assert.deepEqual(troubleSentences(failed), [
      'CONNECT was answered ECONNREFUSED (−111): nobody listens there.',
    ]);
    const ended = socket('6', { state: 'closed', in: direction({ error: orderly }), out: direction() });
    assert.equal(troubleText(ended), 'in ended');
    const full = socket('7', {
      diagnosis: {
        rule: 'asleep',
        severity: 'warning',
        text: 'in is full, and the guest sleeps',
        evidence: ['4096 of 4096 bytes wait', 'in_cons has not moved for 2 s.'],
      },
    });
    assert.equal(troubleText(full), 'in is full, and the guest sleeps');
    assert.deepEqual(troubleSentences(full), [
      'In is full, and the guest sleeps.',
      '4096 of 4096 bytes wait.',
      'in_cons has not moved for 2 s.',
    ]);
    assert.equal(troubleText(socket('8')), '');
    const waits = {
      rule: 'reader-not-looking',
      severity: 'note',
      text: 'data waiting',
      evidence: [],
    } as const;
    assert.equal(troubleText(socket('9', { diagnosis: waits })), 'data waiting');
    assert.equal(troubleText({ ...ended, diagnosis: waits }), 'in ended, data waiting', 'it hides no error');
  });

  it('says how full a direction is, what passed, and what waits', () => {
    const half = direction({ usedBytes: 2048, bytes: 34_000, perSecond: 1_200 });
    assert.equal(fillHover('in', half), 'in, from the network to the guest: 2,048 of 4,096 bytes wait.');
    assert.match(
      fillHover('out', direction({ insane: true })),
      /indices are further apart than the ring is long/,
    );
    assert.equal(passedText(half), '1.2 kB/s · 34 kB');
    assert.equal(passedText(direction()), '');
    const waits = socket('5', { outstanding: [{ reqId: 3, cmd: 'ACCEPT', sinceMs: 6_000 }] });
    assert.equal(outstandingText(waits, 10_000), 'ACCEPT 4 s');
  });

  it('says what was answered, and how long it took', () => {
    const answered = (over: object) =>
      call(1, { answered: { timeMs: 9_012, latencyMs: 12, ret: 0, response, ...over } });
    assert.deepEqual([answerText(call(1)), latencyText(call(1))], ['waits', '–']);
    assert.deepEqual([answerText(answered({})), latencyText(answered({}))], ['done', '12 ms']);
    assert.equal(latencyText(answered({ latencyMs: 0.25 })), '0.3 ms');
    assert.equal(latencyText(answered({ latencyMs: 0 })), '< 1 ms');
    const no = answered({ ret: -111, error: refused });
    assert.equal(answerText(no), 'ECONNREFUSED');
    assert.equal(answerHover(no), 'ECONNREFUSED (−111): nobody listens there.');
    assert.match(answerHover(answered({ isUnasked: true })), /No request was seen that it answers/);
  });

  it('says what waits beside the commands that it shows', () => {
    assert.equal(inFlightText(0, 0), 'No command waits for its response.');
    assert.equal(inFlightText(3, 0), '');
    assert.equal(
      inFlightText(0, 1),
      'By the indices 1 command waits, and its request cannot be read any more: the slot holds the response to another one.',
    );
    assert.match(inFlightText(1, 2), /^By the indices 2 further commands wait, and their requests cannot be/);
  });

  it('counts what there is, and what nobody saw', () => {
    const sockets = { all: 6, connected: 4, listening: 1, failed: 0 };
    const state = deviceState({ row: deviceRow({ sockets, inFlight: 1, callsPerSecond: 3.4 }) });
    assert.equal(
      countsText(state),
      '6 sockets: 4 connected, 1 listening. 1 command in flight, 3.4 calls/s. In 0 B/s, out 0 B/s.',
    );
    assert.match(
      countsText({ ...state, socketsLeftOut: 12 }),
      /12 further sockets not followed: there are too many/,
    );
    assert.match(countsText(deviceState()), /^No sockets\. /);
    assert.equal(unseenText(state), '');
    const unseen = {
      requests: 2,
      responses: 0,
      answersOnly: 3,
      inFlight: 0,
      resets: 1,
      tornLooks: 1,
      lookIntervalMs: 250,
    };
    assert.equal(
      unseenText({ ...state, unseen }),
      'Passed unseen since Xenscope began to look: 2 requests, 3 requests of which the response was seen. ' +
        'The indices of the command ring were set anew 1 time. 1 look caught the indices in motion. ' +
        'The longest time between two looks was 250 ms lately.',
    );
    const kept = Array.from({ length: 10 }, (_, ref) => ({ ref, evtchn: 1, id: '5', sinceMs: 0 }));
    assert.equal(
      keptText({ ...state, kept }),
      'Data rings kept for later sockets, at grants 0, 1, 2, 3, 4, 5, 6, 7 and 2 more.',
    );
    assert.equal(
      keptText({ ...state, kept: kept.slice(0, 1) }),
      'Data rings kept for a later socket, at grant 0.',
    );
    assert.equal(keptText(state), '');
    assert.equal(spokenText(state), '6 sockets, 4 connected, 1 listening');
  });

  it('says why there are no sockets', () => {
    const of = (over: object, isSeen = true) => whyNoSockets(deviceState({ row: deviceRow(over) }), isSeen);
    assert.match(of({ ring: undefined }, false), /^No socket was there when the device was seen last/);
    assert.match(of({}), /^The guest has no socket now/);
    assert.match(of({ ring: undefined }), /^The device is not connected/);
    assert.match(of({ ring: undefined, unseen: 'Only domain 3 can look.' }), /^Its sockets cannot be seen/);
  });

  it('reads the ids of kernels as hexadecimal', () => {
    assert.deepEqual(
      [idText('5'), idText('4294967296'), idText('18446612682147807232'), idText(undefined)],
      ['5', '0x100000000', '0xffff888004a2c000', '–'],
    );
  });

  it('sorts addresses and ids as numbers, and keeps the order of what is alike', () => {
    const addresses = ['10.0.0.10:80', '10.0.0.9:631', undefined, '10.0.0.9:80'];
    assert.deepEqual(sorted(addresses, compareAddresses, false), [
      '10.0.0.9:80',
      '10.0.0.9:631',
      '10.0.0.10:80',
      undefined,
    ]);
    assert.deepEqual(sorted(['10', '9', '18446612682147807232'], compareIds, true), [
      '18446612682147807232',
      '10',
      '9',
    ]);
    const rows = [1, 2, 3].map((place) => ({ place }));
    assert.deepEqual(
      sorted(rows, () => 0, true),
      rows,
    );
    assert.deepEqual(nextSorting(undefined, 2), { column: 2, descending: false });
    assert.deepEqual(nextSorting({ column: 2, descending: false }, 2), { column: 2, descending: true });
    assert.equal(nextSorting({ column: 2, descending: true }, 2), undefined);
  });

  it('finds sockets by what their rows say, word by word', () => {
    const row = socket('5', {
      remote: '10.0.0.9:631',
      failure: { cmd: 'CONNECT', error: refused, timeMs: 9_000 },
    });
    for (const filter of ['', '  ', '631', 'REFUSED connect', 'failed 10.0.0.9']) {
      assert.ok(matches(row, 'failed', filter), filter);
    }
    assert.ok(!matches(row, 'failed', 'refused listening'));
  });

  it('shows the bytes of a slot, sixteen a line', () => {
    const lines = hexLines('01'.repeat(64)).split('\n');
    assert.equal(lines.length, 4);
    assert.equal(lines[1], `16  ${Array(16).fill('01').join(' ')}`);
    assert.equal(hexLines(''), '');
  });
});
