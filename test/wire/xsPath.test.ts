import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  childPath,
  isAtOrBelow,
  isNodePath,
  limitedPathBytes,
  nodeName,
  parentPath,
} from '../../server/wire/xsPath';

const name = fc.stringMatching(/^[A-Za-z0-9\-_@]{1,12}$/);
const nodePath = fc.array(name, { maxLength: 8 }).map((names) => `/${names.join('/')}`);

describe('xenstore paths', () => {
  for (const path of ['/', '/a', '/local/domain/0/device/vif/0', '/-_@0aZ', '/a@b/c']) {
    it(`accepts ${path}`, () => assert.ok(isNodePath(path)));
  }

  for (const path of [
    '',
    'a',
    '//',
    '/a/',
    '/a//b',
    '/a.b',
    '/a b',
    '/a+b',
    '/a:b',
    '/é',
    '/a\0',
    '@x',
    '/a\n',
  ]) {
    it(`refuses ${JSON.stringify(path)}`, () => assert.ok(!isNodePath(path)));
  }

  it('limits a path to 2048 bytes and does not count the prefix of a domain', () => {
    assert.ok(isNodePath(`/${'x'.repeat(2047)}`));
    assert.ok(!isNodePath(`/${'x'.repeat(2048)}`));
    assert.ok(isNodePath(`/local/domain/12345/${'x'.repeat(2048)}`));
    assert.ok(!isNodePath(`/local/domain/12345/${'x'.repeat(2049)}`));
    assert.ok(!isNodePath(`/local/domain/x/${'x'.repeat(2048)}`));
    assert.equal(limitedPathBytes('/local/domain/3/abc'), 3);
  });

  it('takes paths apart and puts them together again', () => {
    fc.assert(
      fc.property(nodePath, name, (path, child) => {
        const whole = childPath(path, child);
        assert.ok(isNodePath(whole));
        assert.equal(parentPath(whole), path);
        assert.equal(nodeName(whole), child);
      }),
    );
    assert.equal(parentPath('/'), undefined);
  });

  it('knows what lies below what, at a slash only', () => {
    assert.ok(isAtOrBelow('/w/a', '/w'));
    assert.ok(isAtOrBelow('/w', '/w'));
    assert.ok(!isAtOrBelow('/wx', '/w'));
    fc.assert(
      fc.property(nodePath, nodePath, (a, b) => isAtOrBelow(a === '/' ? b : a + (b === '/' ? '' : b), a)),
    );
  });
});
