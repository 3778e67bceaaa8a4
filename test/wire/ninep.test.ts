/** Messages of 9P2000.u, byte for byte as Linux' client puts them together, and cut short in any place. */
import assert from 'node:assert/strict';
import {
  NINEP_HEADER_BYTES,
  NINEP_NO_FID,
  NINEP_NO_TAG,
  NINEP_VERSION,
  NinepReader,
  NinepType,
  NinepWriter,
  ninepHeader,
  ninepTypeName,
} from '../../server/wire/ninep/messages';

describe('messages of 9P', () => {
  it('are the bytes that a guest sends', () => {
    const version = new NinepWriter('Tversion', NINEP_NO_TAG).u32(8192).text(NINEP_VERSION).message();
    assert.equal(version.toString('hex'), '1500000064ffff0020000008003950323030302e75');
    const attach = new NinepWriter('Tattach', 1)
      .u32(0)
      .u32(NINEP_NO_FID)
      .text('root')
      .text('')
      .u32(0)
      .message();
    assert.equal(
      attach.toString('hex'),
      '1b000000680100' + '00000000' + 'ffffffff' + '0400726f6f74' + '0000' + '00000000',
    );
    const walk = new NinepWriter('Twalk', 1).u32(0).u32(1).u16(1).text('README').message();
    assert.equal(
      walk.toString('hex'),
      '190000006e0100' + '00000000' + '01000000' + '0100' + '0600524541444d45',
    );
    const read = new NinepWriter('Tread', 1).u32(1).u64(0x1_0000_0000n).u32(512).message();
    assert.equal(read.toString('hex'), '17000000740100' + '01000000' + '0000000001000000' + '00020000');
  });

  it('are read as they were written', () => {
    const message = new NinepWriter('Rversion', 7)
      .u8(9)
      .u16(513)
      .u32(70_000)
      .u64(2n ** 40n)
      .text('grün')
      .message();
    assert.deepEqual(ninepHeader(message), { sizeBytes: message.length, type: NinepType.Rversion, tag: 7 });
    assert.equal(ninepTypeName(NinepType.Rversion), 'Rversion');
    assert.equal(ninepTypeName(3), undefined);
    const reader = new NinepReader(message);
    assert.deepEqual(
      [reader.u8(), reader.u16(), reader.u32(), reader.u64(), reader.text()],
      [9, 513, 70_000, 2n ** 40n, 'grün'],
    );
    assert.ok(reader.isWhole);
  });

  it('that are cut short say so, wherever that is, and nothing is thrown', () => {
    const message = new NinepWriter('Rversion', 7).u32(5).text('9P2000.u').u64(1n).message();
    for (let length = 0; length < message.length; length++) {
      const cut = message.subarray(0, length);
      assert.equal(ninepHeader(cut) === undefined, length < NINEP_HEADER_BYTES);
      const reader = new NinepReader(cut);
      reader.u32();
      reader.text();
      reader.u64();
      assert.ok(!reader.isWhole, `${length} bytes`);
    }
  });
});
