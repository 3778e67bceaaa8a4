import assert from 'node:assert/strict';
import fc from 'fast-check';
import { noChildren, type Children } from '../../../server/store/tree/children';

/** What Children must be: an ordered list of pairs. */
class Model {
  constructor(readonly pairs: readonly (readonly [string, number])[] = []) {}

  get listing(): string {
    return this.pairs.map(([name]) => `${name}\0`).join('');
  }
}

type Step = ['put' | 'remove', name: string, value: number];

function apply(
  children: Children<number>,
  model: Model,
  [kind, name, value]: Step,
): [Children<number>, Model] {
  const isThere = model.pairs.some(([key]) => key === name);
  if (kind === 'remove') {
    if (!isThere) return [children, model];
    return [children.remove(name), new Model(model.pairs.filter(([key]) => key !== name))];
  }
  if (!isThere) return [children.add(name, value), new Model([...model.pairs, [name, value]])];
  const pairs = model.pairs.map((pair) => (pair[0] === name ? ([name, value] as const) : pair));
  return [children.set(name, value), new Model(pairs)];
}

function assertSame(children: Children<number>, { pairs, listing }: Model): void {
  assert.equal(children.size, pairs.length);
  assert.equal(children.bytes, listing.length);
  assert.deepEqual(
    children.names(),
    pairs.map(([name]) => name),
  );
  assert.equal(children.listing(), listing);
  for (const [name, value] of pairs) assert.equal(children.get(name), value);
  assert.equal(children.get('not there'), undefined);
  const values: number[] = [];
  children.forEachValue((value) => values.push(value));
  assert.deepEqual(values.sort(byNumber), pairs.map(([, value]) => value).sort(byNumber));
}

const byNumber = (one: number, other: number): number => one - other;

// Few enough names that they come again; lengths on both sides of what V8 copies when it slices.
const name = fc
  .integer({ min: 0, max: 90 })
  .map((number) => (number % 3 === 0 ? `a-rather-long-name-${number}` : `n${number}`));
const step = fc.tuple(fc.constantFrom('put' as const, 'put' as const, 'remove' as const), name, fc.nat());

describe('children', () => {
  it('behave as an ordered list of pairs, and old versions stay as they were', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        let children = noChildren<number>();
        let model = new Model();
        const versions: [Children<number>, Model][] = [];
        for (const each of steps) {
          [children, model] = apply(children, model, each);
          if (versions.length % 7 === 0) assertSame(children, model);
          versions.push([children, model]);
        }
        for (const [then, thenModel] of versions.filter((_, at) => at % 11 === 0))
          assertSame(then, thenModel);
        assertSame(children, model);
      }),
      { numRuns: 60 },
    );
  });

  it('give any part of the listing, in whole names', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.nat(900),
        fc.integer({ min: 1, max: 300 }),
        (steps, offset, room) => {
          let children = noChildren<number>();
          let model = new Model();
          for (const each of steps) [children, model] = apply(children, model, each);
          const { listing } = model;
          const rest = listing.slice(offset);
          let end = 0;
          for (
            let next = rest.indexOf('\0') + 1;
            next > 0 && next <= room;
            next = rest.indexOf('\0', end) + 1
          )
            end = next;
          assert.equal(children.listingPart(offset, room), rest.slice(0, end));
        },
      ),
    );
  });

  it('page through 100 000 names in order, and lose none when most are removed again', () => {
    let children = noChildren<number>();
    const names = Array.from({ length: 100_000 }, (_, at) => `child-${at}`);
    names.forEach((each, at) => (children = children.add(each, at)));
    let listing = '';
    for (let part = 'x'; part !== ''; listing += part) part = children.listingPart(listing.length, 4000);
    assert.equal(listing, names.map((each) => `${each}\0`).join(''));
    assert.equal(children.bytes, listing.length);
    for (const [at, each] of names.entries()) if (at % 1000 !== 7) children = children.remove(each);
    assert.deepEqual(
      children.names(),
      names.filter((_, at) => at % 1000 === 7),
    );
    assert.equal(children.get('child-5007'), 5007);
    assert.equal(children.get('child-5008'), undefined);
  });

  it('tell names with the same hash apart', () => {
    // Pairs that FNV-1a cannot tell apart in 32 bits.
    const pairs = ['costarring', 'liquid', 'declinate', 'macallums', 'altarage', 'zinke'];
    let children = noChildren<number>();
    const others = Array.from({ length: 40 }, (_, at) => `other${at}`);
    [...others, ...pairs].forEach((each, at) => (children = children.add(each, at)));
    pairs.forEach((each, at) => assert.equal(children.get(each), 40 + at));
    children = children.set('liquid', -1).remove('costarring').remove('macallums');
    assert.equal(children.get('liquid'), -1);
    assert.equal(children.get('costarring'), undefined);
    assert.equal(children.get('declinate'), 42);
    assert.equal(children.get('macallums'), undefined);
    assert.deepEqual(children.names(), [...others, 'liquid', 'declinate', 'altarage', 'zinke']);
  });
});
