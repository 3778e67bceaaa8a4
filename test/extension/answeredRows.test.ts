/** What a view may tell VS Code of its rows, and when. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { AnsweredRows } from '../../extension/views/answeredRows';
import { Refresher } from '../../extension/views/refresher';
import { eventually } from '../e2e/eventually';

/** `a1` is below `a`, and `a` below nothing. */
const parentOf = (row: string) => (row.length > 1 ? row.slice(0, -1) : undefined);

describe('rows that VS Code was answered', () => {
  let rows: AnsweredRows<string>;

  beforeEach(() => {
    rows = new AnsweredRows(parentOf);
    rows.answered(undefined, ['a', 'b', 'c']);
    rows.answered('a', ['a1', 'a2']);
    rows.answered('b', ['b1']);
  });

  it('can be told of one by one, others cannot', () => {
    assert.deepEqual(rows.tellable(['a1', 'a3', 'b1', 'c', 'c1']), { now: ['a1', 'b1', 'c'], later: [] });
  });

  it('are not told with the one that stands above them', () => {
    assert.deepEqual(rows.tellable(['a1', 'a', 'b1']), { now: ['a', 'b1'], later: [] });
  });

  it('are fetched again one after the other, and not at once', () => {
    assert.deepEqual(rows.tellable(['a', 'b', 'c']), { now: ['a', 'c'], later: ['b'] });
  });

  it('are fetched all together where they are many', () => {
    const many = [...'abcde'];
    rows.answered(undefined, many);
    for (const row of many) rows.answered(row, [`${row}1`]);
    assert.deepEqual(rows.tellable(many), { now: undefined, later: [] });
  });

  it('are fetched until all that is below was asked for', () => {
    rows.told(undefined);
    rows.answered(undefined, ['a', 'c']);
    assert.ok(rows.isFetching, 'a was open, and b is no more');
    rows.answered('a', []);
    assert.ok(!rows.isFetching);
  });

  it('below one that is fetched are not told meanwhile', () => {
    rows.told('a');
    assert.deepEqual(rows.tellable(['a1', 'b1']).now, ['b1']);
    rows.answered('a', ['a2']);
    assert.deepEqual(rows.tellable(['a1', 'a2']).now, ['a2']);
  });

  it('are not waited for below one that is folded', () => {
    rows.folded('a');
    rows.told('a');
    assert.ok(!rows.isFetching);
    assert.ok(!rows.has('a'));
  });

  it('are fetched as a whole where it never asked', () => {
    rows.told(undefined);
    rows.giveUp();
    assert.ok(!rows.isFetching);
    assert.deepEqual(rows.tellable(['a']), { now: undefined, later: [] });
  });
});

describe('news of a view whose rows are fetched', () => {
  let rows: AnsweredRows<string>;
  let refresher: Refresher<string>;
  let told: (string[] | undefined)[];

  beforeEach(() => {
    rows = new AnsweredRows(parentOf);
    refresher = new Refresher({ rows });
    told = [];
    refresher.event((elements) => told.push(elements));
    rows.answered(undefined, ['a', 'b']);
    rows.answered('a', ['a1']);
    rows.answered('b', ['b1']);
  });
  afterEach(() => refresher.dispose());

  it('wait for what is fetched, and then go on', async () => {
    refresher.refresh(['a', 'b']);
    await eventually('the first is told', () => told.length === 1);
    await sleep(400);
    assert.deepEqual(told, [['a']]);
    rows.answered('a', ['a2']);
    await eventually('the other is told', () => told.length === 2);
    assert.deepEqual(told[1], ['b']);
  });

  it('wait no longer for what nobody asks for', async () => {
    refresher.refresh(['a']);
    refresher.refresh(['b']);
    await eventually('both are told', () => told.length === 2);
  });

  it('are none while the view is hidden, and one of everything once it is seen', async () => {
    refresher.setHidden(true);
    refresher.refresh(['a1']);
    refresher.refresh(['b1']);
    await sleep(50);
    assert.deepEqual(told, []);
    refresher.setHidden(false);
    await eventually('it is told', () => told.length === 1);
    assert.deepEqual(told, [undefined]);
  });
});
