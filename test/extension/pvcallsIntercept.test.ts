/** Intercepting a backend of PV Calls in the editor: which one, the rules that are kept for it, one panel for each. */
import assert from 'node:assert/strict';
import { OpenPanels } from '../../extension/panels/openPanels';
import { backendOf } from '../../extension/pvcallsIntercept/backendOf';
import { interceptTexts } from '../../extension/pvcallsIntercept/interceptTexts';
import { keptSubject } from '../../extension/pvcallsIntercept/subject';
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

describe('a panel that intercepts', () => {
  it('comes back with a window as it was kept, or not at all', () => {
    const subject = { host: 'simulator', domid: 3, isOwn: false };
    const kept = (about: unknown) => keptSubject({ about } as never);
    assert.deepEqual(kept({ ...subject, kind: 'about', backend: 'guest (3)' }), subject);
    assert.equal(keptSubject(undefined), undefined);
    const wrong = [undefined, null, 7, { ...subject, host: 7 }, { ...subject, domid: 1.5 }];
    for (const about of [...wrong, { ...subject, domid: undefined }, { ...subject, isOwn: 'no' }]) {
      assert.equal(kept(about), undefined, JSON.stringify(about));
    }
  });
});

describe('the backend of a device', () => {
  const at = (domid: number, servesDevice = false) => ({ domid, devices: 1, isOn: false, servesDevice });

  it('is the one that serves it', () => {
    assert.deepEqual(backendOf({ domid: 0 }, { backends: [at(5), at(0, true)] }), at(0, true));
    // Of a world also where it is not connected now.
    assert.deepEqual(backendOf({ domid: 0 }, { backends: [at(5), at(0)] }), at(0));
    assert.equal(backendOf({ domid: 7 }, { backends: [at(5), at(0)] }), 'none');
  });

  it('is not our own on a real host merely because that is in the same domain', () => {
    assert.equal(backendOf({ domid: 0 }, { backends: [at(0)], own: 'open' }), 'none');
    assert.deepEqual(backendOf({ domid: 0 }, { backends: [at(0, true)], own: 'open' }), at(0, true));
    assert.equal(backendOf({ domid: 0 }, { backends: [], own: 'closed' }), 'openOwn');
    assert.equal(backendOf({ domid: 0 }, { backends: [], whyNoOwn: 'It has no access.' }), 'none');
  });

  it('is told of when its panel is closed', () => {
    assert.match(
      interceptTexts.staysOpen('xen1', 1),
      /^Our backend .* on xen1 stays open, because 1 guest is con/,
    );
    assert.match(interceptTexts.staysOpen('xen1', 2), /2 guests are connected/);
    assert.match(
      interceptTexts.left(['backend/pvcalls/2/0']),
      /did not close its end\. “Force Close Device…”/,
    );
  });
});

describe('a panel that VS Code brings back', () => {
  it('is closed where one for the same is open already, and taken where none is', () => {
    const panels = new OpenPanels<{ reveal(): void }>();
    const done: string[] = [];
    const revived = (name: string) => ({ dispose: () => void done.push(`${name} closed`) });
    const make = () => ({ reveal: () => void done.push('revealed') });
    panels.open('a', make, revived('first'));
    assert.deepEqual(done, []);
    panels.open('a', make, revived('second'));
    assert.deepEqual(done, ['second closed', 'revealed']);
  });
});
