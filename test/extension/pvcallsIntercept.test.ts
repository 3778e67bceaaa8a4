/** Rules that the editor keeps for a backend of PV Calls. */
import assert from 'node:assert/strict';
import { KeptSettings, maxKeptRules } from '../../extension/pvcallsIntercept/keptSettings';

describe('rules that are kept', () => {
  const memento = () => {
    const values = new Map<string, unknown>();
    return {
      values,
      get: <T>(key: string) => values.get(key) as T | undefined,
      update: (key: string, value: unknown) => {
        values.set(key, JSON.parse(JSON.stringify(value)));
        return Promise.resolve();
      },
    };
  };
  const rule = (line: string) => ({ line, isEnabled: true });

  it('are those of one backend of one host, and never on', async () => {
    const kept = new KeptSettings(memento());
    assert.deepEqual(kept.of('simulator', 0), { isOn: false, holdsOthers: true, rules: [] });
    await kept.keep('simulator', 0, { isOn: true, holdsOthers: false, rules: [rule('connect → EIO')] });
    assert.deepEqual(kept.of('simulator', 0), {
      isOn: false,
      holdsOthers: false,
      rules: [rule('connect → EIO')],
    });
    assert.deepEqual(kept.of('local', 0).rules, []);
    assert.deepEqual(kept.of('simulator', 1).rules, []);
  });

  it('leave out what is none, and have a limit', async () => {
    const store = memento();
    const kept = new KeptSettings(store);
    await kept.keep('simulator', 0, { isOn: false, holdsOthers: true, rules: [] });
    const [key] = store.values.keys();
    store.values.set(key!, { rules: [rule('a'), 'b', null, { line: 5, isEnabled: true }, { line: 'c' }] });
    assert.deepEqual(kept.of('simulator', 0).rules, [rule('a')]);
    for (const nonsense of ['x', 7, null, { rules: 'all' }]) {
      store.values.set(key!, nonsense);
      assert.deepEqual(kept.of('simulator', 0).rules, []);
    }
    store.values.set(key!, { rules: Array.from({ length: 500 }, () => rule('a')) });
    assert.equal(kept.of('simulator', 0).rules.length, maxKeptRules);
  });
});
