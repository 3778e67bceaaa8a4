import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Failure } from '../../extension/errors';
import { formatHexDump, parseHexDump } from '../../extension/fileSystem/hexDump';
import { mustBeLocation, parseLocation, uriPath } from '../../extension/fileSystem/location';
import { Versions } from '../../extension/fileSystem/versions';

describe('hex dump', () => {
  it('gives back the octets that it was made of', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) =>
        assert.deepEqual([...parseHexDump(formatHexDump('/a', octets))], [...octets]),
      ),
    );
  });

  it('shows offset, pairs and characters', () => {
    const text = formatHexDump('/a', new TextEncoder().encode('0123456789abcdef|x'));
    assert.deepEqual(text.split('\n').slice(2, 4), [
      '0000: 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  | 0123456789abcdef',
      '0010: 7c 78                                            | |x',
    ]);
  });

  it('takes what a person types: runs, capitals, no offsets, any line ends', () => {
    assert.deepEqual(
      [...parseHexDump('DEADbeef\r\n 00: 01 02 | text\n\n# note ff\n')],
      [0xde, 0xad, 0xbe, 0xef, 1, 2],
    );
    assert.deepEqual([...parseHexDump('')], []);
  });

  it('names the line and the word that it cannot read', () => {
    const failing = (text: string, expected: RegExp) =>
      assert.throws(
        () => parseHexDump(text),
        (error) => error instanceof Failure && error.code === 'input' && expected.test(error.message),
      );
    failing('00 01\n02 zz', /^Line 2: “zz” is not a pair/);
    failing('0', /^Line 1: “0”/);
    failing('00 123', /“123”/);
  });
});

describe('what a xenstore: URI names', () => {
  const parse = (path: string) => parseLocation({ authority: 'simulator', path });

  it('knows nodes, values and hex dumps', () => {
    const host = 'simulator';
    assert.deepEqual(parse('/local/domain/1'), { host, path: '/local/domain/1', part: 'node' });
    assert.deepEqual(parse('/a/.value'), { host, path: '/a', part: 'value' });
    assert.deepEqual(parse('/a/.value.hex'), { host, path: '/a', part: 'hex' });
    assert.deepEqual(parse('/.value'), { host, path: '/', part: 'value' });
    assert.deepEqual(parse('/'), { host, path: '/', part: 'node' });
    assert.deepEqual(parse(''), { host, path: '/', part: 'node' });
    assert.deepEqual(parse('/a/'), { host, path: '/a', part: 'node' });
  });

  it('knows what no node can be called', () => {
    for (const path of ['/a/.git', '/a/b.txt', '/.vscode/settings.json', '/a//b/.value', '/.value/x']) {
      assert.equal(parse(path).part, 'foreign', path);
    }
    assert.throws(() => mustBeLocation(parse('/a/notes.txt')), /“notes\.txt” cannot be a file here/);
  });

  it('finds the way back', () => {
    for (const path of ['/', '/a', '/local/domain/1/name']) {
      for (const part of ['node', 'value', 'hex'] as const) {
        assert.deepEqual(parse(uriPath(path, part)), { host: 'simulator', path, part });
      }
    }
  });
});

describe('modification times of values', () => {
  it('advance exactly when the value differs, even within a millisecond', () => {
    const versions = new Versions(() => 1000);
    assert.equal(versions.of('a', 'x').modifiedMs, 1000);
    assert.equal(versions.of('a', 'x').modifiedMs, 1000);
    assert.equal(versions.of('a', 'y').modifiedMs, 1001);
    assert.equal(versions.of('a', 'x').modifiedMs, 1002);
    assert.equal(versions.of('a', 'x').createdMs, 1000);
    assert.equal(versions.of('b', 'x').modifiedMs, 1000);
  });

  it('are remembered for a bounded number of files', () => {
    const versions = new Versions(() => 1000, 2);
    versions.of('a', 'x');
    versions.of('a', 'y');
    versions.of('b', 'x');
    versions.of('a', 'y');
    versions.of('c', 'x');
    assert.equal(versions.of('a', 'y').modifiedMs, 1001, 'seen lately, so kept');
    assert.equal(versions.of('b', 'z').modifiedMs, 1000, 'seen longest ago, so forgotten');
  });
});
