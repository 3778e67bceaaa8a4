import assert from 'node:assert/strict';
import fc from 'fast-check';
import { base64Of, countOf, editKind, octetsOf, printable, textOf } from '../../extension/values';

const octets = (text: string) => new TextEncoder().encode(text);

describe('values to read and to edit', () => {
  it('survive the way through base64', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (value) => assert.deepEqual([...octetsOf(base64Of(value))], [...value])),
    );
  });

  it('are text only when the text becomes the same octets again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (value) => {
        const text = textOf(value);
        if (text !== undefined) assert.deepEqual([...octets(text)], [...value]);
      }),
    );
  });

  it('are edited where nothing is lost', () => {
    assert.equal(editKind(octets('')), 'line');
    assert.equal(editKind(octets('Grüße')), 'line');
    assert.equal(editKind(octets('a\nb')), 'text');
    assert.equal(editKind(octets('a'.repeat(201))), 'text');
    assert.equal(editKind(Uint8Array.of(0x61, 0)), 'octets');
    assert.equal(editKind(Uint8Array.of(0xff)), 'octets');
    assert.equal(editKind(octets('\ufeffa')), 'octets');
  });

  it('fit on a line to read', () => {
    assert.equal(printable(octets('a\nb\\')), 'a\\nb\\\\');
    assert.equal(printable(Uint8Array.of(0, 0x41, 0xff)), '\\x00A\\xff');
    assert.equal(printable(octets('a'.repeat(200)), 10), 'aaaaaaaaaa…');
    assert.ok(printable(new Uint8Array(100_000), 10).length <= 11);
  });

  it('are counted in words', () => {
    assert.deepEqual(
      [countOf(1, 'octet'), countOf(0, 'octet'), countOf(1024, 'octet')],
      ['1 octet', '0 octets', '1,024 octets'],
    );
    assert.equal(countOf(2, 'child', 'children'), '2 children');
  });
});
