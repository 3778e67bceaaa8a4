import assert from 'node:assert/strict';
import fc from 'fast-check';
import { couldBeMessage, longestRun, type StreamRole } from '../../server/capture/plausible';
import { Reassembly } from '../../server/capture/reassembly';
import { rawFrame } from '../support/rawConnection';

function reassembly(role: StreamRole, isAtBoundary: boolean) {
  const messages: Buffer[] = [];
  const lost: [number, string][] = [];
  const doubtful: Buffer[] = [];
  const stream = new Reassembly({
    role,
    isAtBoundary,
    listener: {
      message(bytes, start, end, isSure) {
        const message = Buffer.from(bytes.subarray(start, end));
        messages.push(message);
        if (!isSure) doubtful.push(message);
      },
      lost: (bytes, reason) => void lost.push([bytes, reason]),
    },
  });
  return { stream, messages, lost, doubtful };
}

const requests = [
  rawFrame({ type: 'READ', reqId: 1, payload: '/local/domain/3/name|' }),
  rawFrame({ type: 'TRANSACTION_START', reqId: 2, payload: '|' }),
  rawFrame({ type: 'WRITE', reqId: 3, txId: 7, payload: `data/blob|${'x'.repeat(3_000)}` }),
  rawFrame({ type: 'TRANSACTION_END', reqId: 4, txId: 7, payload: 'T|' }),
  rawFrame({ type: 'WATCH', reqId: 5, payload: '@releaseDomain|token|' }),
  rawFrame({ type: 'RESET_WATCHES', reqId: 6 }),
  rawFrame({ type: 'DIRECTORY', reqId: 7, payload: 'device/vif|' }),
];
const replies = [
  rawFrame({ type: 'READ', reqId: 1, payload: 'web' }),
  rawFrame({ type: 'TRANSACTION_START', reqId: 2, payload: '7|' }),
  rawFrame({ type: 'WRITE', reqId: 3, txId: 7, payload: 'OK|' }),
  rawFrame({ type: 'ERROR', reqId: 4, txId: 7, payload: 'EAGAIN|' }),
  rawFrame({ type: 'WATCH_EVENT', payload: 'device/vif/0/state|token|' }),
  rawFrame({ type: 'DIRECTORY', reqId: 7, payload: '0|1|' }),
];
const streams: readonly (readonly [StreamRole, readonly Buffer[]])[] = [
  ['request', requests],
  ['reply', replies],
];

for (const [role, all] of streams) {
  const stream = Buffer.concat(all);

  describe(`Reassembly of a ${role} stream`, () => {
    for (const size of [1, 2, 15, 16, 17, 100, 1024, stream.length]) {
      it(`gives each message once from pieces of ${size} bytes`, () => {
        const { stream: to, messages, lost } = reassembly(role, true);
        for (let at = 0; at < stream.length; at += size) {
          to.push(stream, at, Math.min(at + size, stream.length));
        }
        assert.deepEqual(messages, all);
        assert.deepEqual(lost, []);
        assert.equal(to.heldBytes, 0);
      });
    }

    it('finds its way from the middle of a message on, and says what it skipped', () => {
      const { stream: to, messages, lost } = reassembly(role, false);
      to.push(stream, 9, stream.length);
      assert.deepEqual(messages, all.slice(1));
      assert.deepEqual(lost, [[all[0]!.length - 9, 'middle']]);
    });

    it('goes on after a gap with the first message that is whole', () => {
      const { stream: to, messages, lost } = reassembly(role, true);
      const gapStart = all[0]!.length + 5;
      const gapEnd = all[0]!.length + all[1]!.length + 10;
      to.push(stream, 0, gapStart);
      to.gap(gapEnd - gapStart);
      to.push(stream, gapEnd, stream.length);
      assert.deepEqual(messages, [all[0], ...all.slice(3)]);
      const rest = all[2]!.length - 10;
      assert.deepEqual(lost, [
        [5, 'middle'],
        [gapEnd - gapStart, 'gap'],
        [rest, 'middle'],
      ]);
    });

    it('begins anew where the stream does', () => {
      const { stream: to, messages, lost } = reassembly(role, true);
      to.push(stream, 0, 21);
      to.restart();
      to.push(stream, 0, stream.length);
      const whole = all.filter((_, index) => Buffer.concat(all.slice(0, index + 1)).length <= 21);
      assert.deepEqual(messages, [...whole, ...all]);
      assert.deepEqual(lost, [[21 - Buffer.concat(whole).length, 'restart']]);
    });

    it('accounts for each byte, whatever comes in whatever pieces with whatever gaps', () => {
      const piece = fc.record({
        what: fc.constantFrom('push', 'push', 'push', 'gap', 'noise'),
        bytes: fc.integer({ min: 1, max: 1_500 }),
        isSure: fc.boolean(),
      });
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 60 }), fc.boolean(), (pieces, isAtBoundary) => {
          const { stream: to, messages, lost } = reassembly(role, isAtBoundary);
          let at = 0;
          let total = 0;
          for (const { what, bytes, isSure } of pieces) {
            const length = Math.min(bytes, stream.length - at);
            total += length;
            if (what === 'gap') to.gap(length);
            else if (what === 'noise') to.push(Buffer.alloc(length, at * 7 + bytes), 0, length, isSure);
            else to.push(stream, at, at + length, isSure);
            at = (at + length) % stream.length;
          }
          const inMessages = messages.reduce((sum, message) => sum + message.length, 0);
          const inLost = lost.reduce((sum, [bytes]) => sum + bytes, 0);
          assert.equal(inMessages + inLost + to.heldBytes, total);
        }),
        { numRuns: 200 },
      );
    });
  });
}

describe('Reassembly', () => {
  it('falls out of step at a length that cannot be, and back in', () => {
    const { stream, messages, lost } = reassembly('request', true);
    const bytes = Buffer.concat([requests[0]!, Buffer.alloc(64, 0xff), requests[6]!]);
    stream.push(bytes, 0, bytes.length);
    assert.deepEqual(messages, [requests[0], requests[6]]);
    assert.deepEqual(lost, [[64, 'garbage']]);
  });

  it('marks a message with doubtful bytes, and only that one', () => {
    const { stream, messages, doubtful } = reassembly('request', true);
    const [one, two] = requests as [Buffer, Buffer];
    stream.push(one, 0, 10, true);
    stream.push(one, 10, one.length, false);
    stream.push(two, 0, two.length, true);
    assert.deepEqual([messages.length, doubtful], [2, [one]]);
  });

  it('takes a rest for the end of a message, if what comes next agrees', () => {
    const { stream, messages, lost } = reassembly('request', false);
    const [first, , big] = requests as [Buffer, Buffer, Buffer];
    stream.push(big, 50, 100);
    stream.rest();
    stream.push(big, 0, 20);
    stream.push(big, 20, big.length);
    assert.deepEqual([messages.splice(0), lost.splice(0)], [[big], [[50, 'middle']]]);
    stream.gap(7);
    stream.rest();
    stream.push(Buffer.concat([big.subarray(100), first]), 0, big.length - 100 + first.length);
    assert.deepEqual(messages, [first], 'it did not agree, and the search went on');
  });

  it('keeps no more than two messages of noise', () => {
    const { stream, lost } = reassembly('request', false);
    const noise = Buffer.alloc(100_000, 0xff);
    stream.push(noise, 0, noise.length);
    assert.ok(stream.heldBytes <= 2 * 4112);
    assert.equal(lost.reduce((sum, [bytes]) => sum + bytes, 0) + stream.heldBytes, noise.length);
  });
});

describe('plausible messages', () => {
  const refused: readonly (readonly [string, Buffer, StreamRole])[] = [
    ['zeroes', Buffer.alloc(16), 'request'],
    ['zeroes', Buffer.alloc(16), 'reply'],
    ['the 0xff fill', Buffer.alloc(16, 0xff), 'request'],
    ['an event from a client', rawFrame({ type: 'WATCH_EVENT', payload: '/a|t|' }), 'request'],
    ['an error from a client', rawFrame({ type: 'ERROR', payload: 'EIO|' }), 'request'],
    ['an event with a req_id', rawFrame({ type: 'WATCH_EVENT', reqId: 1, payload: '/a|t|' }), 'reply'],
    ['a read of nothing', rawFrame({ type: 'READ' }), 'request'],
    ['a path with a line feed', rawFrame({ type: 'READ', payload: '/a\n|' }), 'request'],
    ['a write without a NUL', rawFrame({ type: 'WRITE', payload: '/a' }), 'request'],
    ['an end without a transaction', rawFrame({ type: 'TRANSACTION_END', payload: 'T|' }), 'request'],
    ['the type that was removed', rawFrame({ type: 20, payload: '1|' }), 'request'],
    ['an unknown type', rawFrame({ type: 99, payload: '1|' }), 'request'],
    ['a write that is answered with text', rawFrame({ type: 'WRITE', payload: 'NO|' }), 'reply'],
  ];
  for (const [what, bytes, role] of refused) {
    it(`are not ${what} (${role})`, () => assert.equal(couldBeMessage(bytes, 0, bytes.length, role), false));
  }

  for (const [role, all] of streams) {
    it(`are all of a ${role} stream, however much of each is seen`, () => {
      for (const message of all) {
        for (let end = 0; end <= message.length; end++) assert.ok(couldBeMessage(message, 0, end, role));
      }
    });
  }

  it('never throw and never read beyond the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom<StreamRole>('request', 'reply'),
        (bytes, role) => {
          const { start, begins } = longestRun(bytes, 0, bytes.length, role);
          assert.ok(start <= bytes.length && begins.every((begin) => begin < bytes.length));
        },
      ),
    );
  });
});
