/** What the panel of a device says, without a browser. */
import assert from 'node:assert/strict';
import type { DanceStep, DeviceFrame } from '../../server/rpc/api';
import { ageText, danceRows, sinceText, spokenText, waitsText } from '../../webview/devices/words';

const states = ['Unknown', 'Initialising', 'InitWait', 'Initialised', 'Connected', 'Closing', 'Closed'];
const frame: DeviceFrame = {
  nowMs: 100_000,
  row: {
    id: '/local/domain/3/device/vif/0',
    kind: 'vif',
    devid: '0',
    frontend: { path: '/local/domain/3/device/vif/0', domid: 3, exists: true, state: 3, sinceMs: 86_000 },
    backend: { path: '/local/domain/0/backend/vif/3/0', domid: 0, exists: true, state: 2 },
    online: true,
    turn: { who: 'backend', to: 4, why: 'the frontend has published its rings' },
    diagnoses: [{ rule: 'stuck', severity: 'warning', text: 'stuck for 14 s', evidence: [] }],
  },
  history: [],
  droppedSteps: 0,
  published: { frontend: [], backend: [] },
  legal: { frontend: [4, 5, 6], backend: [3, 4, 5, 6] },
};

describe('the panel of a device', () => {
  it('says how long each side is in its state, and does not guess what nobody saw', () => {
    assert.equal(sinceText(frame, 'frontend'), 'for 14 s');
    assert.equal(sinceText(frame, 'backend'), 'since before anybody looked');
    assert.equal(sinceText({ ...frame, nowMs: 226_000 }, 'frontend'), 'for 2 min');
    assert.deepEqual([ageText(-5), ageText(350.7), ageText(7_300_000)], ['0 ms', '350 ms', '2 h']);
  });

  it('says what each side does, and what it waits for', () => {
    assert.equal(
      waitsText(frame, 'backend', states),
      'Has to go to Connected (4): the frontend has published its rings.',
    );
    assert.equal(waitsText(frame, 'frontend', states), 'Waits for the backend to go to Connected (4).');
    const row = { ...frame.row, turn: { who: 'nobody', why: 'both are connected' } } as const;
    assert.equal(waitsText({ ...frame, row }, 'frontend', states), 'Waits for nothing: both are connected.');
    const gone = { ...frame.row, backend: { ...frame.row.backend, exists: false } };
    assert.equal(waitsText({ ...frame, row: gone }, 'backend', states), 'There is no such folder.');
    assert.equal(
      spokenText(frame, states),
      'frontend Initialised, backend InitWait; the backend has to move; stuck',
    );
  });

  it('draws the dance from the moves, the newest first, with where the other side stood', () => {
    const step = (timeMs: number, side: DanceStep['side'], from: number, to: number): DanceStep => ({
      timeMs,
      side,
      from,
      to,
      isDirect: true,
      isIllegal: false,
    });
    const history = [
      step(1_000, 'backend', 1, 2),
      step(1_250, 'frontend', 1, 3),
      { ...step(1_300, 'backend', 2, 5), isDirect: false },
      { ...step(1_400, 'frontend', 3, 1), isIllegal: true },
    ];
    const rows = danceRows(history, { frontend: 1, backend: 5 });
    assert.deepEqual(
      rows.map(({ side, from, to, other, afterMs, remark }) => [side, from, to, other, afterMs, remark]),
      [
        ['frontend', 3, 1, 5, 100, 'illegal'],
        ['backend', 2, 5, 3, 50, 'unseen'],
        ['frontend', 1, 3, 2, 250, undefined],
        ['backend', 1, 2, 1, undefined, undefined],
      ],
    );
    assert.deepEqual(danceRows([], { frontend: 4, backend: 4 }), []);
  });
});
