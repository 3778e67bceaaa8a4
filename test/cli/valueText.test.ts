import assert from 'node:assert/strict';
import fc from 'fast-check';
import { escapeValue, jsonValue, unescapeValue } from '../../server/cli/valueText';

describe('values as text', () => {
  it('show what cannot be printed as xenstore-read does', () => {
    const cases: [number[], string][] = [
      [[0, 1, 7, 8], '\\000\\001\\007\\x08'],
      [[9, 10, 13, 92], '\\t\\n\\r\\\\'],
      [[31, 32, 34, 126, 127, 128, 255], '\\x1f "~\\x7f\\x80\\xff'],
    ];
    for (const [octets, text] of cases) assert.equal(escapeValue(Buffer.from(octets)), text);
  });

  it('come back from what was shown', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        const value = Buffer.from(octets);
        const text = escapeValue(value);
        assert.match(text, /^[ -~]*$/);
        assert.deepEqual(unescapeValue(text), value);
      }),
    );
  });

  it('take text as UTF-8, and a backslash that starts nothing as itself', () => {
    assert.deepEqual(unescapeValue('é\\q\\'), Buffer.from('é\\q\\'));
    assert.deepEqual(unescapeValue('\\x4\\7\\377'), Buffer.from([4, 7, 255]));
  });

  it('are text in JSON where they are UTF-8, and base64 elsewhere', () => {
    assert.deepEqual(jsonValue(Buffer.from('é\0')), { value: 'é\0' });
    assert.deepEqual(jsonValue(Buffer.from([0xff])), { valueBase64: '/w==' });
  });
});
