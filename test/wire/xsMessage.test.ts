import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  XS_HEADER_BYTES,
  XS_PAYLOAD_MAX_BYTES,
  encodeXs,
  parseXs,
  xsParserStart,
  xsTypeName,
  type XsMessage,
  type XsParserState,
} from '../../server/wire/xsMessage';
import { cut } from '../support/cut';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const message: fc.Arbitrary<XsMessage> = fc
  .tuple(fc.oneof(fc.integer({ min: 0, max: 26 }), u32), u32, u32, fc.uint8Array({ maxLength: 300 }))
  .map(([type, reqId, txId, payload]) => ({ type, reqId, txId, payload: Buffer.from(payload) }));

/** Feeds the stream in the given pieces; copies messages at once, as a reader must. */
function feed(
  pieces: readonly Buffer[],
  maxPayloadBytes?: number,
): { state: XsParserState; messages: XsMessage[] } {
  let state = xsParserStart;
  const messages: XsMessage[] = [];
  for (const piece of pieces) {
    const parsed = parseXs(state, piece, maxPayloadBytes);
    state = parsed.state;
    for (const { payload, ...header } of parsed.messages)
      messages.push({ ...header, payload: Buffer.from(payload) });
    // What the caller does with its chunk afterwards must not matter.
    piece.fill(0xee);
  }
  return { state, messages };
}

describe('xsMessage', () => {
  it('reads what it wrote, whole, byte by byte and in pieces of any size', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), sizes, (sent, pieceSizes) => {
        const bytes = Buffer.concat(sent.map(encodeXs));
        for (const pieces of [[Buffer.from(bytes)], cut(bytes, [1]), cut(bytes, pieceSizes)]) {
          const { state, messages } = feed(pieces);
          assert.deepEqual(messages, sent);
          assert.deepEqual(state, xsParserStart);
        }
      }),
    );
  });

  it('lays a message out as xs_wire.h does', () => {
    const bytes = encodeXs({ type: 11, reqId: 0xfffffffe, txId: 7, payload: Buffer.from('/a\0v') });
    assert.equal(bytes.toString('hex'), '0b000000feffffff07000000040000002f610076');
  });

  it('says how much is missing', () => {
    const bytes = encodeXs({ type: 2, reqId: 1, txId: 0, payload: Buffer.from('/abc\0') });
    for (let length = 1; length < bytes.length; length += 1) {
      const { state } = parseXs(xsParserStart, bytes.subarray(0, length));
      const needed = (length < XS_HEADER_BYTES ? XS_HEADER_BYTES : bytes.length) - length;
      assert.ok(state.kind === 'more');
      assert.equal(state.neededBytes, needed);
    }
  });

  it('takes 4096 bytes of payload and breaks at 4097, for good and before it holds a byte of them', () => {
    const full = encodeXs({ type: 11, reqId: 1, txId: 0, payload: Buffer.alloc(XS_PAYLOAD_MAX_BYTES, 1) });
    assert.equal(feed([full]).messages.length, 1);
    for (const length of [XS_PAYLOAD_MAX_BYTES + 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
      const header = Buffer.alloc(XS_HEADER_BYTES);
      header.writeUInt32LE(length, 12);
      const before = encodeXs({ type: 2, reqId: 9, txId: 0, payload: Buffer.from('/\0') });
      const { state, messages } = feed([Buffer.concat([before, header, Buffer.alloc(100)])]);
      assert.equal(messages.length, 1);
      assert.ok(state.kind === 'broken');
      assert.match(state.reason, new RegExp(`announces ${length} bytes`));
      assert.deepEqual(parseXs(state, encodeXs({ type: 2, reqId: 1, txId: 0, payload: Buffer.alloc(0) })), {
        state,
        messages: [],
      });
    }
  });

  it('lets a client accept longer replies', () => {
    const long = encodeXs({ type: 1, reqId: 1, txId: 0, payload: Buffer.alloc(6000, 1) });
    assert.equal(feed(cut(long, [1000]), 1 << 20).messages[0]?.payload.length, 6000);
  });

  it('never throws on garbage and never keeps more than one message of it', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 4 }), (chunks) => {
        const { state } = feed(chunks.map((bytes) => Buffer.from(bytes)));
        if (state.kind === 'more') assert.ok(state.partial.length < XS_HEADER_BYTES + XS_PAYLOAD_MAX_BYTES);
      }),
    );
  });

  it('names the types it knows', () => {
    assert.equal(xsTypeName(22), 'DIRECTORY_PART');
    assert.equal(xsTypeName(20), undefined);
    assert.equal(xsTypeName(0xffffffff), undefined);
  });
});
