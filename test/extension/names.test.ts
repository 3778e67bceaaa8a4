import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ancestry, childPath, isNodePath, nameProblem, parentPath, tidyPath } from '../../extension/names';
import { isNodePath as storeTakes } from '../../server/wire/xsPath';

describe('names of nodes, as the editor judges them', () => {
  const none = new Set<string>();

  it('takes what the store takes', () => {
    for (const name of ['a', 'vif-0', '0', 'A_b@c', 'a/b/c'])
      assert.equal(nameProblem('/x', name, none), undefined, name);
  });

  it('says in a sentence what is wrong', () => {
    assert.match(nameProblem('/x', 'my node', none)!, /^A blank cannot stand in a name/);
    assert.match(nameProblem('/x', 'a.b', none)!, /^“\.” cannot/);
    assert.match(nameProblem('/x', '/a', none)!, /cannot begin with a slash/);
    assert.match(nameProblem('/x', 'a/', none)!, /missing after the slash/);
    assert.match(nameProblem('/x', 'a//b', none)!, /between two slashes/);
    assert.match(nameProblem('/x', 'a', new Set(['a']))!, /^\/x\/a exists already/);
    assert.match(nameProblem('/x', 'a'.repeat(2048), none)!, /2051 characters; a xenstore takes 2048/);
  });

  it('counts a path without /local/domain/N, as servers do', () => {
    assert.equal(nameProblem('/local/domain/12', 'a'.repeat(2048), none), undefined);
    assert.match(nameProblem('/local/domain/12', 'a'.repeat(2049), none)!, /2049 characters/);
  });

  it('agrees with the store about every name', () => {
    const character = fc.constantFrom(...'ab0-_@/. ~é\\\u0000');
    fc.assert(
      fc.property(fc.array(character, { minLength: 1, maxLength: 12 }), (characters) => {
        const name = characters.join('');
        assert.equal(nameProblem('/x', name, none) === undefined, storeTakes(`/x/${name}`));
      }),
    );
  });

  it('goes up and down', () => {
    assert.equal(childPath('/', 'a'), '/a');
    assert.equal(parentPath('/a'), '/');
    assert.equal(parentPath('/a/b'), '/a');
    assert.equal(parentPath('/'), undefined);
    assert.deepEqual(ancestry('/a/b/c'), ['/a', '/a/b', '/a/b/c']);
    assert.deepEqual(ancestry('/'), []);
  });

  it('tidies what a person pastes', () => {
    assert.equal(tidyPath(' /local/domain/ '), '/local/domain');
    assert.equal(tidyPath('local'), '/local');
    assert.equal(tidyPath(''), '/');
    assert.ok(isNodePath(tidyPath('/')));
  });
});
