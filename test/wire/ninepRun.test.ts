/** Messages of 9P found in bytes of a ring, and told in words; whatever else stands there. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NinepWriter } from '../../server/wire/ninep/messages';
import { ninepBeginsFrom, ninepBeginsUpTo } from '../../server/wire/ninep/messageRun';
import { ninepText } from '../../server/wire/ninep/messageText';
import { ninepName } from '../../server/wire/ninep/typeNames';

const walk = new NinepWriter('Twalk', 3).u32(0).u32(1).u16(2).text('etc').text('motd').message();
const read = new NinepWriter('Tread', 4).u32(1).u64(512n).u32(4096).message();
const clunk = new NinepWriter('Tclunk', 5).u32(1).message();
const stream = Buffer.concat([walk, read, clunk]);
const begins = [0, walk.length, walk.length + read.length];

describe('messages of 9P in a ring', () => {
  it('have their names, requests and answers apart', () => {
    assert.deepEqual(
      [100, 118, 24, 14].map((type) => ninepName(type, 'request')),
      ['Tversion', 'Twrite', 'Tgetattr', 'Tlcreate'],
    );
    assert.deepEqual(
      [101, 7, 107, 41].map((type) => ninepName(type, 'answer')),
      ['Rversion', 'Rlerror', 'Rerror', 'Rreaddir'],
    );
    for (const type of [6, 106, 101, 0, 2, 255]) assert.equal(ninepName(type, 'request'), undefined);
    for (const type of [100, 1, 3, 254]) assert.equal(ninepName(type, 'answer'), undefined);
  });

  it('are found from where one begins, the last cut off anywhere', () => {
    for (let end = 0; end <= stream.length; end++) {
      const found = ninepBeginsFrom(stream, 0, end, 'request');
      assert.deepEqual(
        found,
        begins.filter((begin) => begin < end),
      );
    }
    assert.equal(ninepBeginsFrom(stream, 1, stream.length, 'request'), undefined);
    assert.equal(ninepBeginsFrom(stream, 0, stream.length, 'answer'), undefined);
  });

  it('are found up to where one ends, behind whatever was before them', () => {
    for (const before of [0, 1, 3, 7, 100]) {
      for (const byte of [0, 0x41, 0xff]) {
        const bytes = Buffer.concat([Buffer.alloc(before, byte), stream]);
        const found = ninepBeginsUpTo(bytes, bytes.length, 'request');
        assert.deepEqual(
          found,
          begins.map((begin) => before + begin),
        );
      }
    }
    const cut = stream.subarray(0, stream.length - 3);
    assert.deepEqual(ninepBeginsUpTo(cut, cut.length, 'request'), []);
    assert.deepEqual(ninepBeginsUpTo(cut, cut.length, 'request', true), begins);
  });

  it('are told by their fields, and what cannot be printed is not', () => {
    assert.equal(ninepText('Twalk', walk), 'fid 0 to fid 1: “etc” / “motd”');
    assert.equal(ninepText('Tread', read), 'fid 1, 4096 bytes from 512');
    assert.equal(ninepText('Tclunk', clunk), 'fid 1');
    const error = new NinepWriter('Rerror', 1).text('no\u001b[31m such\nfile').u32(2).message();
    assert.equal(ninepText('Rerror', error), '“no·[31m such·file”, errno 2');
    assert.equal(ninepText('Twalk', walk.subarray(0, 20)), '…');
    assert.equal(ninepText('Twalk', walk.subarray(0, 7)), '');
    assert.equal(ninepText('Tgetattr', walk), '', 'of others the header is known');
    assert.equal(ninepText('constructor', walk), '');
  });

  it('are bytes of somebody hostile: nothing throws, and each begin lies in the bytes', () => {
    const role = fc.constantFrom('request' as const, 'answer' as const);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), role, fc.boolean(), (raw, which, mayGoOn) => {
        const bytes = Buffer.concat([raw, which === 'request' ? stream : Buffer.alloc(0), raw]);
        for (const found of [
          ninepBeginsFrom(bytes, 0, bytes.length, which) ?? [],
          ninepBeginsUpTo(bytes, bytes.length, which, mayGoOn),
        ]) {
          found.forEach((begin, at) => {
            assert.ok(begin >= 0 && begin < bytes.length && (at === 0 || begin > found[at - 1]!));
          });
        }
        for (const name of ['Tversion', 'Tattach', 'Rerror', 'Twalk', 'Rwalk', 'Topen', 'Tread', 'Rread']) {
          assert.ok(ninepText(name, bytes).length < 2_000);
        }
      }),
    );
  });
});
