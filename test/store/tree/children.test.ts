import assert from 'node:assert/strict';
import fc from 'fast-check';
import { noChildren, type Children } from '../../../server/store/tree/children';
import type { Subtree } from '../../../server/store/tree/totals';

/** What Children must be: an ordered list of pairs. */
class Model {
  constructor(readonly pairs: readonly (readonly [string, number])[] = []) {}

  get listing(): string {
    return this.pairs.map(([name]) => `${name}\0`).join('');
  }
}

/** A subtree of which only the sums are known. */
class Item implements Subtree {
  readonly nodeCount: number;
  readonly heldBytes: number;
  readonly mentions: number;
  readonly soleOwner: number | null;

  constructor(readonly id: number) {
    this.nodeCount = 1 + (id % 3);
    this.heldBytes = id % 5;
    this.mentions = 1 << (id % 32);
    this.soleOwner = id % 7 === 0 ? null : id % 2;
  }
}

type Step = ['put' | 'remove', name: string, value: number];

function apply(children: Children<Item>, model: Model, [kind, name, value]: Step): [Children<Item>, Model] {
  const isThere = model.pairs.some(([key]) => key === name);
  if (kind === 'remove') {
    if (!isThere) return [children, model];
    return [children.remove(name), new Model(model.pairs.filter(([key]) => key !== name))];
  }
  if (!isThere) return [children.add(name, new Item(value)), new Model([...model.pairs, [name, value]])];
  const pairs = model.pairs.map((pair) => (pair[0] === name ? ([name, value] as const) : pair));
  return [children.set(name, new Item(value)), new Model(pairs)];
}

function assertSame(children: Children<Item>, { pairs, listing }: Model): void {
  assert.equal(children.size, pairs.length);
  assert.equal(children.bytes, listing.length);
  assert.deepEqual(
    children.names(),
    pairs.map(([name]) => name),
  );
  assert.equal(children.listing(), listing);
  for (const [name, value] of pairs) assert.equal(children.get(name)?.id, value);
  assert.equal(children.get('not there'), undefined);
  const values: number[] = [];
  children.forEachValue(({ id }) => values.push(id));
  assert.deepEqual(values.sort(byNumber), pairs.map(([, value]) => value).sort(byNumber));
  const items = values.map((value) => new Item(value));
  const { nodeCount, heldBytes, mentions, soleOwner } = children.totals;
  assert.equal(nodeCount, sum(items.map((each) => each.nodeCount)));
  assert.equal(heldBytes, sum(items.map((each) => each.heldBytes)));
  // It may mention what is gone, and forgets nothing that is there.
  for (const item of items) assert.ok((mentions & item.mentions) !== 0);
  // It may have forgotten that there is only one owner again, but never names a wrong one.
  if (soleOwner === undefined) assert.equal(items.length, 0);
  else if (soleOwner !== null) assert.ok(items.every((each) => each.soleOwner === soleOwner));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);
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
        let children = noChildren<Item>();
        let model = new Model();
        const versions: [Children<Item>, Model][] = [];
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

  it('know a sole owner again once the others are gone', () => {
    const [mine, theirs] = [new Item(2), new Item(3)];
    const both = noChildren<Item>().add('a', mine).add('b', theirs);
    assert.deepEqual([noChildren<Item>().add('a', mine).totals.soleOwner, both.totals.soleOwner], [0, null]);
    assert.equal(both.remove('a').remove('b').add('c', theirs).totals.soleOwner, 1);
    assert.equal(noChildren<Item>().add('a', mine).set('a', theirs).totals.soleOwner, 1);
  });

  it('give any part of the listing, in whole names', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.nat(900),
        fc.integer({ min: 1, max: 300 }),
        (steps, offset, room) => {
          let children = noChildren<Item>();
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
    let children = noChildren<Item>();
    const names = Array.from({ length: 100_000 }, (_, at) => `child-${at}`);
    names.forEach((each, at) => (children = children.add(each, new Item(at))));
    let listing = '';
    for (let part = 'x'; part !== ''; listing += part) part = children.listingPart(listing.length, 4000);
    assert.equal(listing, names.map((each) => `${each}\0`).join(''));
    assert.equal(children.bytes, listing.length);
    for (const [at, each] of names.entries()) if (at % 1000 !== 7) children = children.remove(each);
    assert.deepEqual(
      children.names(),
      names.filter((_, at) => at % 1000 === 7),
    );
    assert.equal(children.get('child-5007')?.id, 5007);
    assert.equal(children.get('child-5008'), undefined);
  });

  it('tell names with the same hash apart', () => {
    // Pairs that FNV-1a cannot tell apart in 32 bits.
    const pairs = ['costarring', 'liquid', 'declinate', 'macallums', 'altarage', 'zinke'];
    let children = noChildren<Item>();
    const others = Array.from({ length: 40 }, (_, at) => `other${at}`);
    [...others, ...pairs].forEach((each, at) => (children = children.add(each, new Item(at))));
    pairs.forEach((each, at) => assert.equal(children.get(each)?.id, 40 + at));
    children = children.set('liquid', new Item(99)).remove('costarring').remove('macallums');
    assert.equal(children.get('liquid')?.id, 99);
    assert.equal(children.get('costarring'), undefined);
    assert.equal(children.get('declinate')?.id, 42);
    assert.equal(children.get('macallums'), undefined);
    assert.deepEqual(children.names(), [...others, 'liquid', 'declinate', 'altarage', 'zinke']);
  });
});
