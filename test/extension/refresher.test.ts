import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Refresher, refreshEveryMs } from '../../extension/views/refresher';

describe('Refresher', () => {
  let refresher: Refresher<string>;
  let told: (string[] | undefined)[];
  let news: EventEmitter;

  beforeEach(() => {
    refresher = new Refresher();
    told = [];
    news = new EventEmitter();
    refresher.event((elements) => {
      told.push(elements);
      news.emit('told');
    });
  });

  afterEach(() => refresher.dispose());

  it('gathers what comes together, each element once', async () => {
    refresher.refresh(['a', 'b']);
    refresher.refresh(['b', 'c']);
    await once(news, 'told');
    assert.deepEqual(told, [['a', 'b', 'c']]);
  });

  it('tells the whole view when that is among the news', async () => {
    refresher.refresh(['a']);
    refresher.refresh();
    refresher.refresh(['b']);
    await once(news, 'told');
    assert.deepEqual(told, [undefined]);
  });

  it('leaves VS Code the time to draw between two of its news, however fast they come', async () => {
    const times: number[] = [];
    news.on('told', () => times.push(performance.now()));
    const steady = setInterval(() => refresher.refresh(['a']), 5);
    while (times.length < 3) await once(news, 'told');
    clearInterval(steady);
    for (const [index, time] of times.slice(1).entries()) {
      assert.ok(time - times[index]! >= refreshEveryMs, `told again after ${time - times[index]!} ms`);
    }
  });

  it('counts from the end of what its news set off, even when timers come early', async () => {
    const busyMs = 120;
    const ends: number[] = [];
    const begins: number[] = [];
    refresher.event(() => {
      begins.push(performance.now());
      while (performance.now() < begins.at(-1)! + busyMs);
      ends.push(performance.now());
      // Asked for late in a long turn: the timer of this wait is counted from the turn's beginning.
      refresher.refresh(['a']);
    });
    refresher.refresh(['a']);
    while (begins.length < 3) await once(news, 'told');
    for (const [index, begin] of begins.slice(1).entries()) {
      assert.ok(begin - ends[index]! >= refreshEveryMs, `told again after ${begin - ends[index]!} ms`);
    }
  });

  it('tells at once when asked to, and only once', async () => {
    refresher.refresh(['a']);
    refresher.flush();
    assert.deepEqual(told, [['a']]);
    refresher.flush();
    refresher.refresh(['b']);
    await once(news, 'told');
    assert.deepEqual(told, [['a'], ['b']]);
  });

  it('keeps quiet when it has been disposed of', async () => {
    refresher.refresh(['a']);
    refresher.dispose();
    const other = new Refresher<string>();
    const later = new Promise((resolve) => other.event(resolve));
    other.refresh();
    await later;
    assert.deepEqual(told, []);
  });
});
