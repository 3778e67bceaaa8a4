import assert from 'node:assert/strict';
import {
  VCHAN_PATH_CHARS_MAX,
  parseVchanNumber,
  vchanPathProblem,
  vchanPaths,
} from '../../server/wire/vchanPath';

describe('where a vchan lies in the xenstore', () => {
  it('is below its server, by the number of the client and a port, as Qubes and MirageOS have it', () => {
    assert.deepEqual(vchanPaths(3, 7, '513'), {
      server: 'data/vchan/7/513',
      client: '/local/domain/3/data/vchan/7/513',
    });
    assert.deepEqual(vchanPaths(0, 2, 'my-echo_1'), {
      server: 'data/vchan/2/my-echo_1',
      client: '/local/domain/0/data/vchan/2/my-echo_1',
    });
  });

  it('has no port that is neither number nor word', () => {
    for (const port of ['', 'a/b', 'a b', '..', 'é', 'a\n', 'a.b'])
      assert.equal(vchanPaths(1, 2, port), undefined, JSON.stringify(port));
  });

  it('is any path of the xenstore, whole or relative, that libxenvchan has room for', () => {
    const longest = `data/${'x'.repeat(VCHAN_PATH_CHARS_MAX - 'data/'.length)}`;
    for (const path of ['data/v', '/local/domain/1/data/v', longest])
      assert.equal(vchanPathProblem(path), undefined, path);
    assert.match(vchanPathProblem(`${longest}x`)!, /has 50 characters; libxenvchan takes at most 49/);
    for (const path of ['', 'a//b', 'a b', '/a/', '@releaseDomain'])
      assert.equal(typeof vchanPathProblem(path), 'string', path);
  });

  it('holds decimal numbers that mean something', () => {
    assert.deepEqual(['1', '513', '4294967295'].map(parseVchanNumber), [1, 513, 2 ** 32 - 1]);
    for (const value of ['', '0', '01', '-1', '+1', '1 ', '0x1', '4294967296', '99999999999', '1\0', 'one'])
      assert.equal(parseVchanNumber(value), undefined, JSON.stringify(value));
  });
});
